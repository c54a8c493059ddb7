"""Writes folders of small BLIP-2 models with OPT, each with the reference's own numbers.

    pip install torch==2.13.0 transformers==5.18.0 safetensors pillow==12.3.0
    python tools/golden/hf_opt.py blip2-llm/src/test/resources/golden/hf-opt OUT [NAME ...]

The first folder gives the tokenizer. Every model is trained from its seed for some hundred steps on
drawn scenes, so that its captions have words, differ, and end; then its weights are rounded to the
type they are stored in, and all numbers are computed from the rounded weights in float32.

A case is kept only if float64 decodes it to the same tokens, and greedy cases only if the best token
leads by 1e-3 at every step. Otherwise the run stops: give the variant another seed.

On another machine or version of torch, training ends at other weights; the folders are then as good,
but not the same bytes.
"""

import copy
import json
import random
import shutil
import sys
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file
from transformers import (
    AutoTokenizer,
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    OPTConfig,
)

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)
MARGIN = 1e-3
PROMPTS = [
    "a photo of",
    "Question: what color is the star? Answer:",
    "Question: how many dogs are there? Answer:",
]

# Sizes differ from each other within a variant where they can, so that a swapped axis shows.
VARIANTS = {
    # Like OPT-350m: norms after the layers, embeddings narrower than the layers. Stored as shards.
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
                  max_position_embeddings=96, word_embed_proj_dim=32, do_layer_norm_before=False),
        large=(85, 120),
    ),
    # Narrow embeddings and a projection that fits them, which the reference does not build itself.
    "hf-opt-narrow": dict(
        seed=1,
        dtype=torch.float32,
        narrow=True,
        queries=4,
        vision=dict(hidden_size=24, intermediate_size=40, num_hidden_layers=1, num_attention_heads=2,
                    image_size=32, patch_size=8),
        qformer=dict(hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
                     cross_attention_frequency=3),
        text=dict(hidden_size=40, ffn_dim=56, num_hidden_layers=2, num_attention_heads=5, vocab_size=424,
                  max_position_embeddings=60, word_embed_proj_dim=16),
        large=(40, 24),
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

CASES = [
    ("greedy", {}),
    ("greedy_one", {"max_new_tokens": 1}),
    ("greedy_rep1.5", {"repetition_penalty": 1.5}),
    ("greedy_ngram1_min5", {"no_repeat_ngram_size": 1, "min_new_tokens": 5}),
    ("beam5", {"num_beams": 5}),
    ("beam3_one", {"num_beams": 3, "max_new_tokens": 1}),
    ("beam5_lenpen0", {"num_beams": 5, "length_penalty": 0.0}),
    ("beam5_lenpen_neg1", {"num_beams": 5, "length_penalty": -1.0}),
    ("beam3_lenpen2", {"num_beams": 3, "length_penalty": 2.0}),
    ("beam4_rep1.3", {"num_beams": 4, "repetition_penalty": 1.3}),
    ("beam4_ngram2", {"num_beams": 4, "no_repeat_ngram_size": 2}),
    ("beam3_min8", {"num_beams": 3, "min_new_tokens": 8}),
    ("beam5_early", {"num_beams": 5, "early_stopping": True}),
    ("beam4_never", {"num_beams": 4, "early_stopping": "never"}),
    ("beam3_never_lenpen2", {"num_beams": 3, "early_stopping": "never", "length_penalty": 2.0}),
    ("beam3_never_lenpen_neg1", {"num_beams": 3, "early_stopping": "never", "length_penalty": -1.0}),
    ("beam4_return3", {"num_beams": 4, "num_return_sequences": 3}),
]

COLORS = {"red": "#d22", "green": "#2a2", "blue": "#22d", "yellow": "#ee2", "white": "#fff"}
SHAPES = ["square", "star", "ring"]


def scene(rng, size):
    """A picture, a caption that fits it, and the color of one shape in it."""
    image = Image.new("RGB", size, tuple(rng.randrange(60) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    (w, h), named, vertical = size, [], rng.random() < 0.5
    for i in range(2 if rng.random() < 0.6 else 1):
        color, shape = rng.choice(list(COLORS)), rng.choice(SHAPES)
        cx, cy = (w // 2, h // 4 + i * h // 2) if vertical else (w // 4 + i * w // 2, h // 2)
        r = min(w, h) // 6 + rng.randrange(3)
        box = [cx - r, cy - r, cx + r, cy + r]
        if shape == "square":
            draw.rectangle(box, fill=COLORS[color])
        elif shape == "ring":
            draw.ellipse(box, outline=COLORS[color], width=max(2, r // 3))
        else:
            draw.polygon([(cx, cy - r), (cx + r, cy + r), (cx - r, cy), (cx + r, cy), (cx - r, cy + r)],
                         fill=COLORS[color])
        named.append((color, shape))
    words = " above a " if vertical else " near a "
    return image, words.join(" ".join(n) for n in named), named[rng.randrange(len(named))]


def pixels_of(images, size):
    """What the processor does: stretch bicubically, scale, normalise."""
    rows = []
    for image in images:
        data = image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC).tobytes()
        levels = torch.frombuffer(bytearray(data), dtype=torch.uint8).view(size, size, 3)
        rows.append((levels.permute(2, 0, 1).float() / 255 - MEAN) / STD)
    return torch.stack(rows)


class Variant:
    def __init__(self, name, spec, tokenizer_folder):
        self.name, self.spec = name, spec
        self.tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder, padding_side="left")
        self.tokenizer_folder = Path(tokenizer_folder)
        text = dict(pad_token_id=1, dropout=0.0) | spec["text"]
        self.config = Blip2Config(
            vision_config=Blip2VisionConfig(**spec["vision"]).to_dict(),
            qformer_config=Blip2QFormerConfig(
                encoder_hidden_size=spec["vision"]["hidden_size"], vocab_size=99, max_position_embeddings=16,
                hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **spec["qformer"]).to_dict(),
            text_config=OPTConfig(**text).to_dict(),
            num_query_tokens=spec["queries"],
            image_token_index=min(420, text["vocab_size"] - 1),
        )
        self.image_size = spec["vision"]["image_size"]
        self.ends = torch.tensor(spec["text"].get("eos_token_id", 2)).flatten().tolist()

    def new_model(self):
        model = Blip2ForConditionalGeneration._from_config(self.config, attn_implementation="eager")
        if self.spec.get("narrow"):
            model.language_projection = torch.nn.Linear(
                self.config.qformer_config.hidden_size, self.config.text_config.word_embed_proj_dim)
        if self.spec.get("two_heads"):
            embeddings = model.language_model.get_input_embeddings().weight
            model.language_model.lm_head.weight = torch.nn.Parameter(embeddings.detach().clone())
        return model

    def text_ids(self, prompt):
        return self.tokenizer(prompt)["input_ids"]

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

    def embeds(self, model, pixels, ids):
        """Prompts of an image and words, for training and where generate can't make them."""
        image = model.vision_model(pixels).last_hidden_state
        queries = model.qformer(
            query_embeds=model.query_tokens.expand(len(pixels), -1, -1), encoder_hidden_states=image,
        ).last_hidden_state
        words = model.get_input_embeddings()(ids[:, self.config.num_query_tokens :])
        projected = model.language_projection(queries).flatten(1)
        width = words.shape[2]
        places = projected[:, : queries.shape[1] * width].view(len(pixels), -1, width)
        return torch.cat([places, words], 1)

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
            if self.config.vision_config.qkv_bias:
                width = self.config.vision_config.hidden_size
                for layer in model.vision_model.encoder.layers:
                    layer.self_attn.qkv.bias[width : 2 * width] = 0
        optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
        steps, end = self.spec.get("steps", 400), 2
        model.train()
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = 2e-3 * min(1, (step + 1) / 20) * (1 - step / steps)
            drawn = [scene(rng, (self.image_size, self.image_size)) for _ in range(24)]
            rows, starts = [], []
            for _, caption, (color, shape) in drawn:
                kind = rng.randrange(3)
                prompt = ["", "a photo of", f"Question: what color is the {shape}? Answer:"][kind]
                answer = [f"a {caption}", f" a {caption}", f" {color}"][kind]
                begin = self.text_ids(prompt) if prompt else [self.config.text_config.bos_token_id]
                starts.append(len(begin))
                rows.append(begin + self.tokenizer(answer, add_special_tokens=False)["input_ids"] + [end])
            ids, mask = self.inputs(rows, pad_left=False)
            labels = ids.masked_fill(mask == 0, -100)
            for label, start in zip(labels, starts):
                label[: self.config.num_query_tokens + start] = -100
            x = self.embeds(model, pixels_of([d[0] for d in drawn], self.image_size), ids)
            logits = model.language_model(inputs_embeds=x, attention_mask=mask).logits
            loss = torch.nn.functional.cross_entropy(
                logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        print(f"{self.name}: loss {loss.item():.3f} after {steps} steps")
        return model.eval()

    def save(self, model, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
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
        for file in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(self.tokenizer_folder / file, folder / file)
        self.save_settings(folder)
        return {k: v.float() for k, v in state.items()}

    def save_config(self, folder):
        config = copy.deepcopy(self.config)
        config.dtype = self.spec["dtype"]
        config.save_pretrained(folder)

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

    def save_settings(self, folder):
        config = json.loads((folder / "config.json").read_text())
        if self.spec.get("legacy"):
            (folder / "generation_config.json").unlink(missing_ok=True)
            for key in ("image_token_index", "image_token_id", "use_decoder_only_language_model"):
                config.pop(key, None)
            for key in ("eos_token_id", "bos_token_id", "pad_token_id", "tie_word_embeddings"):
                config["text_config"].pop(key, None)
            (folder / "config.json").write_text(json.dumps(config, indent=2))
            return
        (folder / "preprocessor_config.json").write_text(json.dumps({
            "do_convert_rgb": True, "do_normalize": True, "do_rescale": True, "do_resize": True,
            "image_mean": MEAN.flatten().tolist(), "image_std": STD.flatten().tolist(),
            "image_processor_type": "BlipImageProcessor", "resample": 3, "rescale_factor": 1 / 255,
            "size": self.spec.get("size", {"height": self.image_size, "width": self.image_size}),
        }, indent=1))
        (folder / "processor_config.json").write_text(
            json.dumps({"num_query_tokens": self.spec["queries"], "processor_class": "Blip2Processor"}))

    def generate(self, model, pixels, prompts, args):
        """Rows as generate returns them, scores, and the smallest lead of a greedy token."""
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
        lead = float("inf")
        written = out.sequences[:, -len(out.scores) :]
        for step, scores in enumerate(out.scores):
            best = scores.topk(2).values
            for row in range(len(rows)):
                if not any(int(t) in self.ends for t in written[row, :step]):
                    lead = min(lead, (best[row, 0] - best[row, 1]).item())
        return out.sequences.tolist(), None, lead

    def cases(self, model, pixels):
        exact = copy.deepcopy(model).double()
        asked = {"noprompt": ([0, 1, 2], None), "single": ([1], [PROMPTS[1]]), "batch": ([0, 1, 2], PROMPTS)}
        cases = []
        for name, args in CASES:
            for kind, (images, prompts) in asked.items():
                if kind == "single" and name not in ("greedy", "beam5"):
                    continue
                sequences, scores, lead = self.generate(model, pixels[images], prompts, args)
                doubled, _, _ = self.generate(exact, pixels[images].double(), prompts, args)
                full = f"{self.name} {name}.{kind}"
                assert sequences == doubled, f"{full}: float64 decodes otherwise; change the seed"
                assert lead is None or lead > MARGIN, f"{full}: lead {lead:g}; change the seed"
                texts = [t.strip() for t in self.tokenizer.batch_decode(sequences, skip_special_tokens=True)]
                cases.append({
                    "name": f"{name}.{kind}", "args": {"max_new_tokens": 12} | args, "images": images,
                    "prompts": prompts, "sequences": sequences, "texts": texts,
                    "sequences_scores": scores, "min_margin": lead})
        return cases

    def stages(self, model, pixels):
        rng = torch.Generator().manual_seed(self.spec["seed"])
        large = torch.randn(2, 3, *self.spec["large"], generator=rng)
        ids, mask = self.inputs([self.text_ids(p) for p in PROMPTS])
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
                "forward.logits": self.logits(model, pixels, ids, mask),
            }
        tensors |= {f"vision.hidden_states.{i}": x for i, x in enumerate(vision.hidden_states)}
        tensors |= {f"qformer.hidden_states.{i}": x for i, x in enumerate(queries.hidden_states)}
        return {k: v.contiguous().clone() for k, v in tensors.items()}

    def logits(self, model, pixels, ids, mask):
        if self.spec.get("legacy"):
            x = self.embeds(model, pixels, ids)
            return model.language_model(inputs_embeds=x, attention_mask=mask).logits
        return model(pixel_values=pixels, input_ids=ids, attention_mask=mask).logits

    def images(self, folder):
        """Pictures larger than the model's, none of them square."""
        rng = random.Random(100 + self.spec["seed"])
        (folder / "images").mkdir()
        images, truth = [], []
        for name, size in (("a.png", (150, 97)), ("b.png", (61, 203)), ("c.png", (333, 250))):
            image, caption, _ = scene(rng, size)
            image.save(folder / "images" / name)
            images.append(image)
            truth.append(f"a {caption}")
        return images, truth

    def write(self, folder):
        state = self.save(self.train(), folder)
        model = self.new_model().eval()
        model.load_state_dict(state)
        if not self.spec.get("narrow"):
            again = Blip2ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
            for name, value in again.state_dict().items():
                assert torch.equal(value, state[name]), f"{folder}: {name} was not stored as it is"
            ends = again.language_model.generation_config.eos_token_id
            assert torch.tensor(ends).flatten().tolist() == self.ends, f"{folder}: ends {ends}"
        images, truth = self.images(folder)
        pixels = pixels_of(images, self.image_size)
        save_file(self.stages(model, pixels), folder / "expected.safetensors")
        expected = {"cases": self.cases(model, pixels), "prompts": PROMPTS, "truth": truth}
        (folder / "expected.json").write_text(json.dumps(expected, indent=None, sort_keys=True))
        for case in expected["cases"][:6]:
            print(f"  {case['name']}: {case['texts']} {case['min_margin'] or case['sequences_scores']}")
        print(f"  {sum(f.stat().st_size for f in folder.rglob('*') if f.is_file())} bytes")


def main():
    tokenizer_folder, out, *names = sys.argv[1:]
    for name in names or VARIANTS:
        Variant(name, VARIANTS[name], tokenizer_folder).write(Path(out) / name)


if __name__ == "__main__":
    main()
