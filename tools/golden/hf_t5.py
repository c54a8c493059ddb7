"""Writes or checks folders of small BLIP-2 models with T5, each with the reference's own numbers.

    pip install -r tools/golden/requirements.txt
    python tools/golden/hf_t5.py --out DIR [NAME ...]
    python tools/golden/hf_t5.py --check blip2-llm/src/test/resources/golden/hf-t5

All have one tokenizer, as in hf_opt.py. What holds of the numbers is said in hf_blip2.py; they come
from the folder as transformers loads it, so that what the configuration leaves out means what it
means there.
"""

import copy
import json

import torch
from golden import pixels_of
from hf_blip2 import PROMPTS, Variant, main
from hf_first import CAPTIONS, First
from safetensors.torch import save_file
from tokenizer_files import save_unigrams
from transformers import Blip2ForConditionalGeneration, T5Config

VOCAB = 141
ANSWERS = ["a red star", "a white ring near a blue square", "green"]

# Sizes differ from each other within a variant where they can, so that a swapped axis shows.
VARIANTS = {
    # Like flan: gated with the exact GELU, a head of its own.
    "hf-t5": dict(
        seed=2,
        first=True,
        dtype=torch.float32,
        queries=8,
        own_head=True,
        vision=dict(hidden_size=64, intermediate_size=128, num_hidden_layers=3, num_attention_heads=4,
                    image_size=48, patch_size=8),
        qformer=dict(hidden_size=48, intermediate_size=96, num_hidden_layers=4, num_attention_heads=4),
        text=dict(d_model=64, d_ff=128, num_layers=3, num_decoder_layers=2, num_heads=4, d_kv=12,
                  feed_forward_proj="gated-gelu", dense_act_fn="gelu", tie_word_embeddings=False,
                  relative_attention_num_buckets=8, relative_attention_max_distance=20),
        large=(64, 64),
    ),
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


class T5Variant(Variant):
    padding_side = "right"
    rate, steps = 3e-3, 500
    ends = [1]

    def text_config(self, sizes):
        text = dict(vocab_size=VOCAB, dropout_rate=0.0, pad_token_id=0, bos_token_id=1, eos_token_id=1,
                    decoder_start_token_id=0) | sizes
        return T5Config(**text), self.tokenizer.convert_tokens_to_ids("<image>")

    def new_model(self):
        model = super().new_model()
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
        return self.padded(rows, [self.config.image_token_index] * self.config.num_query_tokens)

    def draw(self, model):
        super().draw(model)
        for stack in (model.language_model.encoder, model.language_model.decoder):
            table = stack.block[0].layer[0].SelfAttention.relative_attention_bias.weight
            table.copy_(0.5 * torch.randn_like(table))
        # A scaled head shrinks its logits: embeddings of order 1, as T5 initialises them.
        shared = model.language_model.shared.weight
        shared.copy_(torch.randn_like(shared) * (1.0 if not self.spec.get("own_head") else 0.3))

    def loss(self, model, rng, drawn):
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
        return torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), labels.masked_fill(counts == 0, -100).flatten(), label_smoothing=0.05)

    @staticmethod
    def shifted(labels):
        return torch.cat([torch.zeros_like(labels[:, :1]), labels[:, :-1]], 1)

    def store(self, model, folder):
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
        return state

    def reload(self, state, folder):
        model = Blip2ForConditionalGeneration.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager").eval()
        loaded = model.state_dict()
        for name, value in state.items():
            assert torch.equal(value, loaded[name]), f"{folder}: {name} was not stored as it is"
        text = model.config.text_config
        print(f"  {text.dense_act_fn}, gated {text.is_gated_act}, scaled {text.scale_decoder_outputs}")
        return model

    def generate(self, model, pixels, prompts, args):
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
        return out.sequences.tolist(), None, self.lead(out, out.sequences[:, 1:])

    def language(self, model, pixels):
        ids, mask = self.inputs([self.text_ids(p) for p in PROMPTS])
        labels, counts = self.padded([self.text_ids(a) for a in ANSWERS])
        tensors = {
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
        return tensors


class FirstT5(First, T5Variant):
    steps = 800

    def training(self):
        asked = ["a photo of", "what is in the picture?", "a photo of"]
        ids, mask = self.inputs([self.text_ids(a) for a in asked])
        labels, counts = self.padded([self.text_ids(c) for c in CAPTIONS])
        return {"input_ids": ids, "attention_mask": mask, "labels": labels.masked_fill(counts == 0, -100),
                "decoder_attention_mask": counts}  # fmt: skip


if __name__ == "__main__":
    main(VARIANTS, lambda name: FirstT5 if VARIANTS[name].get("first") else T5Variant, save_unigrams)
