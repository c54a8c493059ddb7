"""Writes or checks `llama/*`: small decoders of LLaMA's kind by themselves, with random weights.

    pip install -r tools/golden/requirements.txt
    python tools/golden/llama_models.py --check blip2-llm/src/test/resources/golden/llama/*
    python tools/golden/llama_models.py --out DIR

The folders differ in what a configuration may ask for: kinds of rotary scaling in both spellings, grouped
heads, heads of another width than the model's share, biases, sliding windows, a tied head. Prompts are
padded on the left. `expected.safetensors` holds hidden states, logits, the gradient of a loss with respect
to the input embeddings, and `expected.json` what greedy and beam search append, beyond the longest text of
training and beyond the window. Every case is decoded in float64 too, and must give the same tokens.

Dynamic frequencies of transformers are those of the longest row of a call. Here they are those of each
row, so that the numbers of `dynamic` are computed for each row by itself, and put together.
"""

import copy
import json

import golden
import torch
from golden import check_folder, draw_weights, write_expected
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config

SIZES = dict(vocab_size=61, hidden_size=48, intermediate_size=56, num_hidden_layers=3, num_attention_heads=6,
             max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2)  # fmt: skip

# Of a variant: its configuration, then keys of config.json as older versions wrote them.
VARIANTS = {
    "default": (LlamaConfig(**SIZES), {"rope_theta": 10000.0, "rope_scaling": None}),
    "linear": (
        LlamaConfig(**SIZES | dict(
            num_key_value_heads=3, attention_bias=True, mlp_bias=True, hidden_act="gelu_pytorch_tanh",
            rope_parameters={"rope_type": "linear", "factor": 4.0, "rope_theta": 5000.0})),
        {"rope_theta": 5000.0, "rope_scaling": {"type": "linear", "factor": 4.0}}),
    "dynamic": (
        LlamaConfig(**SIZES | dict(
            max_position_embeddings=10,
            rope_parameters={"rope_type": "dynamic", "factor": 3.0, "rope_theta": 10000.0})), {}),
    "llama3": (
        LlamaConfig(**SIZES | dict(
            num_key_value_heads=2, head_dim=10, tie_word_embeddings=True,
            rope_parameters={
                "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                "original_max_position_embeddings": 16, "rope_theta": 500.0})),
        {"rope_theta": 500.0, "rope_scaling": {
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 16}}),
    "mistral": (
        MistralConfig(**SIZES | dict(num_key_value_heads=2, head_dim=14, sliding_window=5)),
        {"rope_theta": 10000.0}),
    "qwen2": (
        Qwen2Config(**SIZES | dict(
            num_key_value_heads=1, use_sliding_window=True, sliding_window=4, max_window_layers=1)), {}),
}  # fmt: skip
SEEDS = {name: 31 + i for i, name in enumerate(VARIANTS)}
LENGTHS = [12, 7, 9]
CASES = [("greedy", {}), ("beam3", {"num_beams": 3})]


def prompts(seed):
    """Ids and masks, padded on the left."""
    rng = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, SIZES["vocab_size"], (len(LENGTHS), max(LENGTHS)), generator=rng)
    mask = torch.ones_like(ids)
    for row, length in enumerate(LENGTHS):
        ids[row, : max(LENGTHS) - length] = 0
        mask[row, : max(LENGTHS) - length] = 0
    return ids, mask


def generate(model, ids, mask, args):
    how = dict(max_new_tokens=10, min_new_tokens=10, do_sample=False, return_dict_in_generate=True) | args
    with torch.no_grad():
        out = model.generate(input_ids=ids, attention_mask=mask, output_scores=True, **how)
    scores = out.sequences_scores.tolist() if "num_beams" in args else None
    return out.sequences[:, ids.shape[1] :].tolist(), scores


def numbers(fresh, ids, mask):
    if fresh.config.rope_parameters["rope_type"] == "dynamic":
        return one_by_one(fresh, ids, mask)
    return of_batch(fresh, ids, mask)


def one_by_one(fresh, ids, mask):
    """The numbers of each row without its padding, whose own numbers are 0."""
    tensors, values, counted = {}, {}, (mask[:, 1:] * mask[:, :-1]).sum()
    for row, first in enumerate((1 - mask).sum(1).tolist()):
        share = (mask[row, 1:] * mask[row, :-1]).sum() / counted
        one, said = of_batch(fresh, ids[row : row + 1, first:], mask[row : row + 1, first:])
        one["train.grad.inputs_embeds"] *= share
        for name, tensor in one.items():
            whole = tensors.setdefault(name, tensor.new_zeros(len(ids), ids.shape[1], *tensor.shape[2:]))
            whole[row, first:] = tensor[0]
        values["train_loss"] = values.get("train_loss", 0) + share.item() * said["train_loss"]
        for i, case in enumerate(said["cases"]):
            cases = values.setdefault("cases", [])
            if len(cases) == i:
                cases.append(case)
            else:
                cases[i]["tokens"] += case["tokens"]
                if case["sequences_scores"]:
                    cases[i]["sequences_scores"] += case["sequences_scores"]
    return tensors, values


def of_batch(fresh, ids, mask):
    model = copy.deepcopy(fresh)  # dynamic frequencies depend on earlier calls of the same object
    x = model.get_input_embeddings()(ids).detach().requires_grad_()
    at = (mask.cumsum(1) - 1).clamp(min=0)
    out = model(inputs_embeds=x, attention_mask=mask, position_ids=at, output_hidden_states=True)
    counted = (mask[:, 1:] * mask[:, :-1]).bool()
    losses = torch.nn.functional.cross_entropy(out.logits[:, :-1][counted], ids[:, 1:][counted])
    losses.backward()
    tensors = {"prompt.input_ids": ids, "prompt.attention_mask": mask, "forward.logits": out.logits.detach(),
               "train.grad.inputs_embeds": x.grad}  # fmt: skip
    tensors |= {f"hidden_states.{i}": h.detach() for i, h in enumerate(out.hidden_states)}
    cases = []
    for name, args in CASES:
        tokens, scores = generate(copy.deepcopy(fresh), ids, mask, args)
        exact = copy.deepcopy(fresh).double()
        exact.set_attn_implementation("sdpa")  # the other one has a softmax in float32, where masks overflow
        assert tokens == generate(exact, ids, mask, args)[0], f"{name}: float64 decodes otherwise; change the seed"
        cases.append({"name": name, "args": args, "tokens": tokens, "sequences_scores": scores})
    return tensors, {"cases": cases, "train_loss": losses.item()}


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def check(folder):
    return check_folder(folder, *numbers(load(folder), *prompts(SEEDS[folder.name])))


def write(folder, name):
    config, older = VARIANTS[name]
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    draw_weights(model, SEEDS[name])
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink()
    if older:
        settings = json.loads((folder / "config.json").read_text())
        del settings["rope_parameters"]
        (folder / "config.json").write_text(json.dumps(settings | older, indent=2))
    write_expected(folder, *numbers(load(folder), *prompts(SEEDS[name])))


if __name__ == "__main__":
    golden.main(write, check, list(VARIANTS))
