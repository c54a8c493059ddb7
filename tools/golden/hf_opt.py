"""Writes or checks folders of small BLIP-2 models with OPT, each with the reference's own numbers.

    pip install -r tools/golden/requirements.txt
    python tools/golden/hf_opt.py --out DIR [NAME ...]
    python tools/golden/hf_opt.py --check blip2-llm/src/test/resources/golden/hf-opt

`hf-opt` is the model of most tests; hf_first.py says what it has beside the others. All have one tokenizer: DIR/tokenizer, which is trained if it is not there (copy the two
tokenizer files of a committed folder to it to have those). What holds of the numbers is said in
hf_blip2.py.
"""

import copy
import json

import torch
from golden import pixels_of
from hf_blip2 import PROMPTS, Variant, main
from hf_first import CAPTIONS, First
from safetensors.torch import save_file
from tokenizer_files import save_byte_pairs
from transformers import Blip2ForConditionalGeneration, OPTConfig

END = 2

# Sizes differ from each other within a variant where they can, so that a swapped axis shows.
VARIANTS = {
    "hf-opt": dict(
        seed=1,
        first=True,
        dtype=torch.float32,
        queries=8,
        vision=dict(hidden_size=64, intermediate_size=128, num_hidden_layers=3, num_attention_heads=4,
                    image_size=48, patch_size=8),
        qformer=dict(hidden_size=48, intermediate_size=96, num_hidden_layers=4, num_attention_heads=4),
        text=dict(hidden_size=64, ffn_dim=128, num_hidden_layers=3, num_attention_heads=4, vocab_size=424,
                  max_position_embeddings=128, word_embed_proj_dim=64),
        large=(64, 64),
    ),
    # Norms after the layers, as OPT-350m has them. Stored as shards.
    "hf-opt-postnorm": dict(
        seed=6,
        dtype=torch.bfloat16,
        shard="120KB",
        queries=5,
        vision=dict(hidden_size=48, intermediate_size=88, num_hidden_layers=2, num_attention_heads=3,
                    image_size=64, patch_size=16, qkv_bias=False),
        qformer=dict(hidden_size=40, intermediate_size=72, num_hidden_layers=5, num_attention_heads=5,
                     cross_attention_frequency=3),
        text=dict(hidden_size=56, ffn_dim=104, num_hidden_layers=3, num_attention_heads=7, vocab_size=430,
                  max_position_embeddings=96, word_embed_proj_dim=56, do_layer_norm_before=False),
        large=(85, 120),
    ),
    # A head of its own, GELU, two ends, image read by every layer; sizes in the older spelling.
    "hf-opt-untied": dict(
        seed=2,
        dtype=torch.float16,
        queries=9,
        vision=dict(hidden_size=40, intermediate_size=96, num_hidden_layers=3, num_attention_heads=5,
                    image_size=42, patch_size=14, layer_norm_eps=1e-5),
        qformer=dict(hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=6,
                     cross_attention_frequency=1),
        text=dict(hidden_size=64, ffn_dim=112, num_hidden_layers=2, num_attention_heads=4, vocab_size=421,
                  max_position_embeddings=64, activation_function="gelu", tie_word_embeddings=False,
                  eos_token_id=[2, 269]),
        large=(56, 98),
        size=42,
    ),
    # As older converters wrote them: no image token, no processor, no generation settings, no ends.
    "hf-opt-legacy": dict(
        seed=3,
        dtype=torch.float32,
        queries=6,
        vision=dict(hidden_size=32, intermediate_size=56, num_hidden_layers=1, num_attention_heads=2,
                    image_size=40, patch_size=10),
        qformer=dict(hidden_size=24, intermediate_size=40, num_hidden_layers=4, num_attention_heads=3),
        text=dict(hidden_size=48, ffn_dim=64, num_hidden_layers=2, num_attention_heads=6, vocab_size=420,
                  max_position_embeddings=80),
        large=(30, 50),
        legacy=True,
    ),
    # No norm after the last layer; the tied head is stored once more; a single query.
    "hf-opt-nofinal": dict(
        seed=4,
        dtype=torch.bfloat16,
        queries=1,
        head_too=True,
        vision=dict(hidden_size=36, intermediate_size=60, num_hidden_layers=2, num_attention_heads=6,
                    image_size=28, patch_size=4),
        qformer=dict(hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2),
        text=dict(hidden_size=40, ffn_dim=160, num_hidden_layers=4, num_attention_heads=8, vocab_size=448,
                  max_position_embeddings=50, _remove_final_layer_norm=True, bos_token_id=0),
        large=(28, 64),
    ),
    # The type says tied, the file holds two different matrices: the file is right.
    "hf-opt-twoheads": dict(
        seed=5,
        dtype=torch.float16,
        shard="100KB",
        queries=11,
        two_heads=True,
        vision=dict(hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=1,
                    image_size=48, patch_size=12, hidden_act="quick_gelu"),
        qformer=dict(hidden_size=56, intermediate_size=64, num_hidden_layers=2, num_attention_heads=7,
                     cross_attention_frequency=2, hidden_act="gelu_new"),
        text=dict(hidden_size=32, ffn_dim=72, num_hidden_layers=2, num_attention_heads=2, vocab_size=424,
                  max_position_embeddings=40, eos_token_id=[260, 2]),
        large=(120, 36),
    ),
}


class OptVariant(Variant):
    def text_config(self, sizes):
        self.ends = torch.tensor(sizes.get("eos_token_id", END)).flatten().tolist()
        text = dict(pad_token_id=1, dropout=0.0) | sizes
        return OPTConfig(**text), min(420, text["vocab_size"] - 1)

    def new_model(self):
        model = super().new_model()
        if self.spec.get("two_heads"):
            embeddings = model.language_model.get_input_embeddings().weight
            model.language_model.lm_head.weight = torch.nn.Parameter(embeddings.detach().clone())
        return model

    def inputs(self, rows, pad_left=True):
        """Ids with the image's placeholders before the padding, as the processor puts them."""
        longest = max(map(len, rows))
        placeholders = [self.config.image_token_index] * self.config.num_query_tokens
        ids, mask = [], []
        for row in rows:
            pads, ones = [1] * (longest - len(row)), [1] * len(row)
            zeros = [0] * len(pads)
            ids.append(placeholders + (pads + row if pad_left else row + pads))
            mask.append([1] * len(placeholders) + (zeros + ones if pad_left else ones + zeros))
        return torch.tensor(ids), torch.tensor(mask)

    def loss(self, model, rng, drawn):
        rows, starts = [], []
        for _, caption, (color, shape) in drawn:
            kind = rng.randrange(3)
            prompt = ["", "a photo of", f"Question: what color is the {shape}? Answer:"][kind]
            answer = [f"a {caption}", f" a {caption}", f" {color}"][kind]
            begin = self.text_ids(prompt) if prompt else [self.config.text_config.bos_token_id]
            starts.append(len(begin))
            rows.append(begin + self.tokenizer(answer, add_special_tokens=False)["input_ids"] + [END])
        ids, mask = self.inputs(rows, pad_left=False)
        labels = ids.masked_fill(mask == 0, -100)
        for label, start in zip(labels, starts):
            label[: self.config.num_query_tokens + start] = -100
        x = self.embeds(model, pixels_of([d[0] for d in drawn], self.image_size), ids)
        logits = model.language_model(inputs_embeds=x, attention_mask=mask).logits
        return torch.nn.functional.cross_entropy(
            logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), label_smoothing=0.05)

    def store(self, model, folder):
        stored = copy.deepcopy(model).to(self.spec["dtype"])
        if self.spec["dtype"] == torch.float16:
            # As published half-precision checkpoints are.
            stored.qformer.float()
            stored.query_tokens.data = stored.query_tokens.data.float()
        state = {k: v.contiguous() for k, v in stored.state_dict().items()}
        if self.spec.get("head_too"):
            state["language_model.lm_head.weight"] = state["language_model.lm_head.weight"].clone()
            self.save_config(folder)
            save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        elif self.spec.get("two_heads"):
            self.save_shards(state, folder)
        else:
            stored.save_pretrained(folder, max_shard_size=self.spec.get("shard", "1GB"))
        return state

    def save_shards(self, state, folder):
        """Two shards, the head in the second: save_pretrained would drop what the type says is tied."""
        self.save_config(folder)
        names = sorted(state)
        halves = [names[: len(names) // 2], names[len(names) // 2 :]]
        where = {}
        for i, half in enumerate(halves):
            file = f"model-{i + 1:05d}-of-00002.safetensors"
            save_file({k: state[k] for k in half}, folder / file, metadata={"format": "pt"})
            where |= {k: file for k in half}
        size = sum(v.numel() * v.element_size() for v in state.values())
        (folder / "model.safetensors.index.json").write_text(
            json.dumps({"metadata": {"total_size": size}, "weight_map": where}, indent=1))

    def reload(self, state, folder):
        model = self.new_model().eval()
        model.load_state_dict(state)
        if not self.spec.get("narrow"):
            again = Blip2ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
            for name, value in again.state_dict().items():
                assert torch.equal(value, state[name]), f"{folder}: {name} was not stored as it is"
            ends = again.language_model.generation_config.eos_token_id
            assert torch.tensor(ends).flatten().tolist() == self.ends, f"{folder}: ends {ends}"
        return model

    def generate(self, model, pixels, prompts, args):
        if prompts is None:
            rows = [[self.config.text_config.bos_token_id]] * len(pixels)
        else:
            rows = [self.text_ids(p) for p in prompts]
        ids, mask = self.inputs(rows)
        args = {"max_new_tokens": 12, "do_sample": False} | args
        how = dict(return_dict_in_generate=True, output_scores=True, eos_token_id=self.ends, **args)
        with torch.no_grad():
            if self.spec.get("legacy"):
                # Without an image token nothing can mark the image's place: embeddings only.
                x = self.embeds(model, pixels, ids)
                out = model.language_model.generate(inputs_embeds=x, attention_mask=mask, **how)
            elif prompts is None:
                out = model.generate(pixel_values=pixels, **how)
            else:
                out = model.generate(pixel_values=pixels, input_ids=ids, attention_mask=mask, **how)
        if "num_beams" in args:
            return out.sequences.tolist(), out.sequences_scores.tolist(), None
        return out.sequences.tolist(), None, self.lead(out, out.sequences[:, -len(out.scores) :])

    def language(self, model, pixels):
        ids, mask = self.inputs([self.text_ids(p) for p in PROMPTS])
        return {
            "prompt.input_ids": ids,
            "prompt.attention_mask": mask,
            "forward.logits": self.logits(model, pixels, ids, mask),
        }

    def logits(self, model, pixels, ids, mask):
        if self.spec.get("legacy"):
            x = self.embeds(model, pixels, ids)
            return model.language_model(inputs_embeds=x, attention_mask=mask).logits
        return model(pixel_values=pixels, input_ids=ids, attention_mask=mask).logits


class FirstOpt(First, OptVariant):
    def training(self):
        """As LAVIS trains OPT without a prompt: every token of a caption and its end of line."""
        ids, mask = self.inputs([self.text_ids(c + "\n") for c in CAPTIONS], pad_left=False)
        labels = ids.masked_fill(mask == 0, -100)
        labels[:, : self.config.num_query_tokens] = -100
        return {"input_ids": ids, "attention_mask": mask, "labels": labels}


if __name__ == "__main__":
    main(VARIANTS, lambda name: FirstOpt if VARIANTS[name].get("first") else OptVariant, save_byte_pairs)
