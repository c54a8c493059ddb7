"""What the generators of small BLIP-2 models share: drawn scenes, cases, stages and files.

Every model is trained from its seed for some hundred steps on drawn scenes, so that its captions have
words, differ, and end; then its weights are rounded to the type they are stored in, and all numbers
are computed from the rounded weights in float32.

A case is kept only if float64 decodes it to the same tokens, and greedy cases only if the best token
leads by 1e-3 at every step. Otherwise the run stops: give the variant another seed.

On another machine or version of torch, training ends at other weights; the folders are then as good,
but not the same bytes. `--check` recomputes the numbers of a folder from the weights in it.
"""

import copy
import json
import random
import shutil
from pathlib import Path

import golden
import torch
from golden import MEAN, STD, check_folder, open_images, pixels_of, read_json
from PIL import Image, ImageDraw
from safetensors.torch import save_file
from transformers import (
    AutoTokenizer,
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2QFormerConfig,
    Blip2VisionConfig,
)

PROMPTS = [
    "a photo of",
    "Question: what color is the star? Answer:",
    "Question: how many dogs are there? Answer:",
]

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


class Variant:
    """One model; what depends on its language model is a subclass's."""

    padding_side = "left"
    rate, steps = 2e-3, 400  # of training
    decoding, margin = CASES, 1e-3

    def __init__(self, name, spec, tokenizer_folder):
        self.name, self.spec = name, spec
        self.tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder, padding_side=self.padding_side)
        self.tokenizer_folder = Path(tokenizer_folder)
        text, image_token = self.text_config(spec["text"])
        self.config = Blip2Config(
            vision_config=Blip2VisionConfig(**spec["vision"]).to_dict(),
            qformer_config=Blip2QFormerConfig(
                encoder_hidden_size=spec["vision"]["hidden_size"], vocab_size=99, max_position_embeddings=16,
                hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **spec["qformer"]).to_dict(),
            text_config=text.to_dict(),
            num_query_tokens=spec["queries"],
            image_token_index=image_token,
        )
        self.image_size = spec["vision"]["image_size"]

    def text_config(self, sizes):
        """The language model's configuration, and the image's token."""
        raise NotImplementedError

    def new_model(self):
        return Blip2ForConditionalGeneration._from_config(self.config, attn_implementation="eager")

    def loss(self, model, rng, drawn):
        """Of drawn scenes, each asked in one of three ways."""
        raise NotImplementedError

    def store(self, model, folder):
        """Writes configuration and weights, and returns the weights as they are stored."""
        raise NotImplementedError

    def reload(self, state, folder):
        """The model that the folder holds, in float32."""
        raise NotImplementedError

    def generate(self, model, pixels, prompts, args):
        """Rows as generate returns them, scores, and the smallest lead of a greedy token."""
        raise NotImplementedError

    def language(self, model, pixels):
        """Tensors of the language model, and of what it is asked."""
        raise NotImplementedError

    def scene(self, rng):
        return scene(rng, (self.image_size, self.image_size))

    def text_ids(self, prompt):
        return self.tokenizer(prompt)["input_ids"]

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

    def draw(self, model):
        """Biases and scales must not stay at zero and one, or nothing would show their loss."""
        for parameter in model.parameters():
            spread = 0.08 if parameter.dim() > 1 else 0.05
            keep = parameter if parameter.dim() == 1 else 0
            parameter.copy_(keep + spread * torch.randn_like(parameter))
        if self.config.vision_config.qkv_bias:
            width = self.config.vision_config.hidden_size
            for layer in model.vision_model.encoder.layers:
                layer.self_attn.qkv.bias[width : 2 * width] = 0

    def train(self):
        torch.manual_seed(self.spec["seed"])
        rng = random.Random(self.spec["seed"])
        model = self.new_model()
        with torch.no_grad():
            self.draw(model)
        optimizer = torch.optim.AdamW(model.parameters(), lr=self.rate, weight_decay=0.01)
        steps = self.steps
        model.train()
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = self.rate * min(1, (step + 1) / 20) * (1 - step / steps)
            drawn = [self.scene(rng) for _ in range(24)]
            loss = self.loss(model, rng, drawn)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        print(f"{self.name}: loss {loss.item():.3f} after {steps} steps")
        return model.eval()

    def save(self, model, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        state = self.store(model, folder)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(self.tokenizer_folder / file, folder / file)
        self.save_settings(folder)
        return {k: v.float() for k, v in state.items()}

    def save_config(self, folder):
        config = copy.deepcopy(self.config)
        config.dtype = self.spec["dtype"]
        config.save_pretrained(folder)

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

    def lead(self, out, written):
        """By how much the best token of a greedy search leads at least."""
        lead = float("inf")
        for step, scores in enumerate(out.scores):
            best = scores.topk(2).values
            for row in range(len(written)):
                if not any(int(t) in self.ends for t in written[row, :step]):
                    lead = min(lead, (best[row, 0] - best[row, 1]).item())
        return lead

    def cases(self, model, pixels):
        exact = copy.deepcopy(model).double()
        asked = {"noprompt": ([0, 1, 2], None), "single": ([1], [PROMPTS[1]]), "batch": ([0, 1, 2], PROMPTS)}
        cases = []
        for name, args in self.decoding:
            for kind, (images, prompts) in asked.items():
                if kind == "single" and name not in ("greedy", "beam5"):
                    continue
                sequences, scores, lead = self.generate(model, pixels[images], prompts, args)
                doubled, _, _ = self.generate(exact, pixels[images].double(), prompts, args)
                full = f"{self.name} {name}.{kind}"
                assert sequences == doubled, f"{full}: float64 decodes otherwise; change the seed"
                assert lead is None or lead > self.margin, f"{full}: lead {lead:g}; change the seed"
                texts = [t.strip() for t in self.tokenizer.batch_decode(sequences, skip_special_tokens=True)]
                cases.append({
                    "name": f"{name}.{kind}", "args": {"max_new_tokens": 12} | args, "images": images,
                    "prompts": prompts, "sequences": sequences, "texts": texts,
                    "sequences_scores": scores, "min_margin": lead})
        return cases

    def large(self, images):
        """Pixels of another size than the model's."""
        rng = torch.Generator().manual_seed(self.spec["seed"])
        return torch.randn(2, 3, *self.spec["large"], generator=rng)

    def stages(self, model, images):
        pixels, large = pixels_of(images, self.image_size), self.large(images)
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
            } | self.language(model, pixels)
        tensors |= {f"vision.hidden_states.{i}": x for i, x in enumerate(vision.hidden_states)}
        tensors |= {f"qformer.hidden_states.{i}": x for i, x in enumerate(queries.hidden_states)}
        return {k: v.contiguous().clone() for k, v in tensors.items()}

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

    def numbers(self, model, images, truth):
        """What `expected.safetensors` and `expected.json` hold."""
        cases = self.cases(model, pixels_of(images, self.image_size))
        return self.stages(model, images), {"cases": cases, "prompts": PROMPTS, "truth": truth}

    def write(self, folder):
        model = self.reload(self.save(self.train(), folder), folder)
        images, truth = self.images(folder)
        tensors, expected = self.numbers(model, images, truth)
        save_file(tensors, folder / "expected.safetensors")
        (folder / "expected.json").write_text(json.dumps(expected, indent=None, sort_keys=True))
        for case in expected["cases"][:6]:
            print(f"  {case['name']}: {case['texts']} {case['min_margin'] or case['sequences_scores']}")
        print(f"  {sum(f.stat().st_size for f in folder.rglob('*') if f.is_file())} bytes")

    def check(self, folder):
        model = Blip2ForConditionalGeneration.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager").eval()
        truth = read_json(folder / "expected.json")["truth"]
        return check_folder(folder, *self.numbers(model, open_images(folder), truth))


def main(variants, kind, tokenizers):
    """Writes or checks variants; `tokenizers` makes the folder of the tokenizer that they share."""

    def write(folder, name):
        shared = folder.parent / "tokenizer"
        if not shared.exists():
            tokenizers(shared)
        kind(name)(name, variants[name], shared).write(folder)

    def check(folder):
        return kind(folder.name)(folder.name, variants[folder.name], folder).check(folder)

    golden.main(write, check, variants)
