"""Writes folders of small BLIP-2 models with T5, each with the reference's own numbers.

    pip install torch==2.13.0 transformers==5.18.0 safetensors pillow==12.3.0
    python tools/golden/hf_t5.py blip2-llm/src/test/resources/golden/hf-t5 OUT [NAME ...]

The first folder gives the tokenizer. What hf_opt.py says of training, rounding and of the cases that
are kept holds here too. Numbers come from the folder as transformers loads it, so that what the
configuration leaves out means what it means there.
"""

import copy
import json
import random
import shutil
import sys
from pathlib import Path

import hf_opt
import torch
from hf_opt import PROMPTS, pixels_of, scene
from safetensors.torch import save_file
from transformers import (
    AutoTokenizer,
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    T5Config,
)

IMAGE, VOCAB = 137, 141
ANSWERS = ["a red star", "a white ring near a blue square", "green"]

# Sizes differ from each other within a variant where they can, so that a swapped axis shows.
VARIANTS = {
    # Like version 1.0: plain perceptrons with ReLU, a tied and scaled head, and a configuration that
    # does not mention the scale. The embeddings are stored once more for each stack.
    "hf-t5-v10": dict(
        seed=1,
        dtype=torch.bfloat16,
        queries=3,
        forget=["dense_act_fn", "is_gated_act", "scale_decoder_outputs", "tie_word_embeddings",
                "num_decoder_layers"],
        embeddings_too=True,
        vision=dict(hidden_size=16, intermediate_size=20, num_hidden_layers=1, num_attention_heads=2,
                    image_size=24, patch_size=8),
        qformer=dict(hidden_size=18, intermediate_size=22, num_hidden_layers=2, num_attention_heads=3),
        text=dict(d_model=24, d_ff=36, num_layers=2, num_heads=3, d_kv=7, feed_forward_proj="relu",
                  relative_attention_num_buckets=10, relative_attention_max_distance=37),
        large=(16, 32),
    ),
    # Like version 1.1: gated with the tanh GELU, which only the perceptron's name says; a head of its
    # own without a scale, which only the missing tie says. Fewer layers write than read.
    "hf-t5-v11": dict(
        seed=9,
        dtype=torch.float16,
        queries=5,
        forget=["dense_act_fn", "is_gated_act", "scale_decoder_outputs", "decoder_start_token_id"],
        own_head=True,
        vision=dict(hidden_size=15, intermediate_size=18, num_hidden_layers=1, num_attention_heads=3,
                    image_size=28, patch_size=14),
        qformer=dict(hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
                     cross_attention_frequency=1),
        text=dict(d_model=22, d_ff=30, num_layers=2, num_decoder_layers=1, num_heads=4, d_kv=8,
                  feed_forward_proj="gated-gelu", tie_word_embeddings=False,
                  relative_attention_num_buckets=6, relative_attention_max_distance=11),
        large=(14, 28),
    ),
    # More layers write than read, for which transformers 5.18 has no cache; gated with SiLU; the tied
    # head is stored once more, and scaled, though the configuration has no tie.
    "hf-t5-silu": dict(
        seed=3,
        dtype=torch.float32,
        queries=2,
        head_too=True,
        vision=dict(hidden_size=16, intermediate_size=28, num_hidden_layers=1, num_attention_heads=4,
                    image_size=20, patch_size=4),
        qformer=dict(hidden_size=24, intermediate_size=36, num_hidden_layers=2, num_attention_heads=2),
        text=dict(d_model=28, d_ff=52, num_layers=1, num_decoder_layers=3, num_heads=2, d_kv=18,
                  feed_forward_proj="gated-silu", tie_word_embeddings=False, scale_decoder_outputs=True,
                  relative_attention_num_buckets=32, relative_attention_max_distance=128),
        large=(24, 16),
    ),
}


class T5Variant(hf_opt.Variant):
    def __init__(self, name, spec, tokenizer_folder):
        self.name, self.spec = name, spec
        self.tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
        self.tokenizer_folder = Path(tokenizer_folder)
        text = dict(vocab_size=VOCAB, dropout_rate=0.0, pad_token_id=0, bos_token_id=1, eos_token_id=1,
                    decoder_start_token_id=0) | spec["text"]
        self.config = Blip2Config(
            vision_config=Blip2VisionConfig(**spec["vision"]).to_dict(),
            qformer_config=Blip2QFormerConfig(
                encoder_hidden_size=spec["vision"]["hidden_size"], vocab_size=99, max_position_embeddings=16,
                hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **spec["qformer"]).to_dict(),
            text_config=T5Config(**text).to_dict(),
            num_query_tokens=spec["queries"],
            image_token_index=IMAGE,
        )
        self.image_size = spec["vision"]["image_size"]
        self.ends = [1]

    def new_model(self):
        model = Blip2ForConditionalGeneration._from_config(self.config, attn_implementation="eager")
        if self.spec.get("own_head"):
            head = model.language_model.lm_head
            head.weight = torch.nn.Parameter(torch.randn_like(head.weight))
        return model

    def padded(self, rows, before=()):
        longest = max(map(len, rows))
        ids = [list(before) + row + [0] * (longest - len(row)) for row in rows]
        mask = [[1] * (len(before) + len(row)) + [0] * (longest - len(row)) for row in rows]
        return torch.tensor(ids), torch.tensor(mask)

    def inputs(self, rows, pad_left=False):
        return self.padded(rows, [IMAGE] * self.config.num_query_tokens)

    def train(self):
        torch.manual_seed(self.spec["seed"])
        rng = random.Random(self.spec["seed"])
        model = self.new_model()
        with torch.no_grad():
            for parameter in model.parameters():
                # Biases and scales must not stay at zero and one, or nothing would show their loss.
                spread = 0.08 if parameter.dim() > 1 else 0.05
                keep = parameter if parameter.dim() == 1 else 0
                parameter.copy_(keep + spread * torch.randn_like(parameter))
            width = self.config.vision_config.hidden_size
            for layer in model.vision_model.encoder.layers:
                layer.self_attn.qkv.bias[width : 2 * width] = 0
            for stack in (model.language_model.encoder, model.language_model.decoder):
                table = stack.block[0].layer[0].SelfAttention.relative_attention_bias.weight
                table.copy_(0.5 * torch.randn_like(table))
            # A scaled head shrinks its logits: embeddings of order 1, as T5 initialises them.
            shared = model.language_model.shared.weight
            shared.copy_(torch.randn_like(shared) * (1.0 if not self.spec.get("own_head") else 0.3))
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
        steps = self.spec.get("steps", 500)
        model.train()
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = 3e-3 * min(1, (step + 1) / 20) * (1 - step / steps)
            drawn = [scene(rng, (self.image_size, self.image_size)) for _ in range(24)]
            rows, answers = [], []
            for _, caption, (color, shape) in drawn:
                kind = rng.randrange(3)
                prompt = ["", "a photo of", f"Question: what color is the {shape}? Answer:"][kind]
                rows.append(self.text_ids(prompt))
                answers.append(self.text_ids([f"a {caption}", f"a {caption}", color][kind]))
            ids, mask = self.inputs(rows)
            labels, counts = self.padded(answers)
            x = self.embeds(model, pixels_of([d[0] for d in drawn], self.image_size), ids)
            logits = model.language_model(
                inputs_embeds=x, attention_mask=mask, decoder_attention_mask=counts,
                decoder_input_ids=self.shifted(labels)).logits
            loss = torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), labels.masked_fill(counts == 0, -100).flatten(), label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        print(f"{self.name}: loss {loss.item():.3f} after {steps} steps")
        return model.eval()

    @staticmethod
    def shifted(labels):
        return torch.cat([torch.zeros_like(labels[:, :1]), labels[:, :-1]], 1)

    def save(self, model, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        stored = copy.deepcopy(model).to(self.spec["dtype"])
        state = {k: v.contiguous().clone() for k, v in stored.state_dict().items()}
        if not self.spec.get("embeddings_too"):
            for stack in ("encoder", "decoder"):
                state.pop(f"language_model.{stack}.embed_tokens.weight")
        if not (self.spec.get("own_head") or self.spec.get("head_too")):
            state.pop("language_model.lm_head.weight")
        self.save_config(folder)
        config = json.loads((folder / "config.json").read_text())
        text = config["text_config"]
        if "tie_word_embeddings" in self.spec["text"]:
            text["tie_word_embeddings"] = self.spec["text"]["tie_word_embeddings"]
        for key in self.spec.get("forget", ()):
            text.pop(key, None)
        (folder / "config.json").write_text(json.dumps(config, indent=2))
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        for file in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(self.tokenizer_folder / file, folder / file)
        self.save_settings(folder)
        return {k: v.float() for k, v in state.items()}

    def generate(self, model, pixels, prompts, args):
        """Rows as generate returns them, scores, and the smallest lead of a greedy token."""
        args = {"max_new_tokens": 12, "do_sample": False} | args
        how = dict(return_dict_in_generate=True, output_scores=True, eos_token_id=1, pad_token_id=0,
                   decoder_start_token_id=0, use_cache="num_decoder_layers" not in self.spec["text"], **args)
        with torch.no_grad():
            if prompts is None:
                out = model.generate(pixel_values=pixels, **how)
            else:
                ids, mask = self.inputs([self.text_ids(p) for p in prompts])
                out = model.generate(pixel_values=pixels, input_ids=ids, attention_mask=mask, **how)
        if "num_beams" in args:
            return out.sequences.tolist(), out.sequences_scores.tolist(), None
        lead = float("inf")
        written = out.sequences[:, 1:]
        for step, scores in enumerate(out.scores):
            best = scores.topk(2).values
            for row in range(len(pixels)):
                if not any(int(t) in self.ends for t in written[row, :step]):
                    lead = min(lead, (best[row, 0] - best[row, 1]).item())
        return out.sequences.tolist(), None, lead

    def stages(self, model, pixels):
        rng = torch.Generator().manual_seed(self.spec["seed"])
        large = torch.randn(2, 3, *self.spec["large"], generator=rng)
        ids, mask = self.inputs([self.text_ids(p) for p in PROMPTS])
        labels, counts = self.padded([self.text_ids(a) for a in ANSWERS])
        with torch.no_grad():
            vision = model.vision_model(pixels, output_hidden_states=True)
            queries = model.qformer(
                query_embeds=model.query_tokens.expand(len(pixels), -1, -1),
                encoder_hidden_states=vision.last_hidden_state, output_hidden_states=True)
            tensors = {
                "pixel_values": pixels,
                "vision.last_hidden_state": vision.last_hidden_state,
                "qformer.last_hidden_state": queries.last_hidden_state,
                "language_projection": model.language_projection(queries.last_hidden_state),
                "pixel_values_large": large,
                "vision_large.last_hidden_state":
                    model.vision_model(large, interpolate_pos_encoding=True).last_hidden_state,
                "prompt.input_ids": ids,
                "prompt.attention_mask": mask,
                "train.input_ids": ids,
                "train.attention_mask": mask,
                "train.labels": labels.masked_fill(counts == 0, -100),
                "train.decoder_attention_mask": counts,
            }
            hooks = []
            for name in ("encoder", "decoder"):
                for i, block in enumerate(getattr(model.language_model, name).block):
                    if i == 0:
                        hooks.append(block.register_forward_pre_hook(
                            lambda _, args, name=name: tensors.update({f"{name}.hidden_states.0": args[0]})))
                    hooks.append(block.register_forward_hook(
                        lambda _, args, out, name=name, i=i: tensors.update(
                            {f"{name}.hidden_states.{i + 1}": out[0]})))
            tensors["train.logits"] = model(
                pixel_values=pixels, input_ids=ids, attention_mask=mask,
                decoder_input_ids=self.shifted(labels), decoder_attention_mask=counts).logits
            for hook in hooks:
                hook.remove()
        tensors |= {f"vision.hidden_states.{i}": x for i, x in enumerate(vision.hidden_states)}
        tensors |= {f"qformer.hidden_states.{i}": x for i, x in enumerate(queries.hidden_states)}
        return {k: v.contiguous().clone() for k, v in tensors.items()}

    def write(self, folder):
        state = self.save(self.train(), folder)
        model = Blip2ForConditionalGeneration.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager").eval()
        loaded = model.state_dict()
        for name, value in state.items():
            assert torch.equal(value, loaded[name]), f"{folder}: {name} was not stored as it is"
        images, truth = self.images(folder)
        pixels = pixels_of(images, self.image_size)
        save_file(self.stages(model, pixels), folder / "expected.safetensors")
        expected = {"cases": self.cases(model, pixels), "prompts": PROMPTS, "truth": truth}
        (folder / "expected.json").write_text(json.dumps(expected, indent=None, sort_keys=True))
        for case in expected["cases"][:6]:
            print(f"  {case['name']}: {case['texts']} {case['min_margin'] or case['sequences_scores']}")
        text = model.config.text_config
        print(f"  {text.dense_act_fn}, gated {text.is_gated_act}, scaled {text.scale_decoder_outputs}")
        print(f"  {sum(f.stat().st_size for f in folder.rglob('*') if f.is_file())} bytes")


def main():
    tokenizer_folder, out, *names = sys.argv[1:]
    for name in names or VARIANTS:
        T5Variant(name, VARIANTS[name], tokenizer_folder).write(Path(out) / name)


if __name__ == "__main__":
    main()
