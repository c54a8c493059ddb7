"""Writes or checks `hf-instructblip`: InstructBLIP with T5 of transformers.

    pip install -r tools/golden/requirements.txt
    python tools/golden/hf_instructblip.py --check blip2-llm/src/test/resources/golden/hf-instructblip
    python tools/golden/hf_instructblip.py --out DIR

The model is trained from a seed on drawn scenes. `expected.json` and `expected.safetensors` hold its
stages, a training loss and three ways to decode. `expected_more.*` hold the states of every Q-Former
layer, the gradient of the training loss for all that learns, decoding without words, with the settings
of LAVIS and with several texts for each prompt, and frames of a video, read one by one under the same
instruction. Every case is decoded in float64 too, and must give the same tokens.
"""

import copy
import random

import golden
import torch
from golden import (
    check_folder,
    draw_scene,
    draw_weights,
    open_images,
    pixels_of,
    read_json,
    save_processor,
    save_scenes,
    write_expected,
)
from tokenizer_files import save_unigrams, save_word_pieces
from transformers import (
    AutoTokenizer,
    InstructBlipConfig,
    InstructBlipForConditionalGeneration,
    InstructBlipQFormerConfig,
    InstructBlipVisionConfig,
    T5Config,
)

SEED, SIZE, QUERIES, STEPS = 4, 40, 6, 900
ASKED = ["describe the picture", "what color is the ring?", "describe the picture"]
FIRST_CASES = [
    ("greedy", {}),
    ("beam5", {"num_beams": 5}),
    ("beam3_rep1.5", {"num_beams": 3, "repetition_penalty": 1.5, "length_penalty": 0.5}),
]
PROMPTS = ["describe the picture", "what color is the ring?", "Question: what is this? Short answer:"]
CASES = [
    ("lavis", PROMPTS, {"num_beams": 5, "repetition_penalty": 1.5}),
    ("lavis_answer", PROMPTS, {"num_beams": 5, "repetition_penalty": 1.5, "length_penalty": -1.0}),
    ("beam4_return3", PROMPTS, {"num_beams": 4, "num_return_sequences": 3}),
    ("greedy", PROMPTS, {}),
    ("greedy.nothing", None, {}),
    ("beam5.nothing", None, {"num_beams": 5}),
]
TRAINED = ("query_tokens", "qformer.", "language_projection.", "vision_model.post_layernorm.")


class Model:
    """A model with its tokenizers."""

    def __init__(self, model, tokenizer, qformer_tokenizer):
        self.model, self.tokenizer, self.qformer_tokenizer = model, tokenizer, qformer_tokenizer

    def inputs(self, prompts, places=1):
        """What the processor makes of words."""
        text = self.tokenizer(prompts, padding=True, return_tensors="pt")
        read = self.qformer_tokenizer(prompts, padding=True, return_tensors="pt")
        count = self.model.config.num_query_tokens * places
        image = torch.full((len(prompts), count), self.model.config.image_token_index)
        return {
            "input_ids": torch.cat([image, text["input_ids"]], 1),
            "attention_mask": torch.cat([torch.ones_like(image), text["attention_mask"]], 1),
            "qformer_input_ids": read["input_ids"],
            "qformer_attention_mask": read["attention_mask"],
        }

    def labels(self, texts):
        text = self.tokenizer(texts, padding=True, return_tensors="pt")
        return text["input_ids"].masked_fill(text["attention_mask"] == 0, -100)


class Folder(Model):
    def __init__(self, path, truth):
        super().__init__(
            InstructBlipForConditionalGeneration.from_pretrained(
                path, dtype=torch.float32, attn_implementation="eager").eval(),
            AutoTokenizer.from_pretrained(path), AutoTokenizer.from_pretrained(path / "qformer_tokenizer"))
        self.truth, self.pixels = truth, pixels_of(open_images(path), self.model.config.vision_config.image_size)
        self.asked = self.inputs(ASKED)

    def states(self, pixels, **read):
        """Of the image, of every Q-Former layer, and what the language model sees."""
        states = []
        hooks = [
            layer.register_forward_hook(lambda _, __, out: states.append(out if torch.is_tensor(out) else out[0]))
            for layer in [self.model.qformer.embeddings, *self.model.qformer.encoder.layer]
        ]
        with torch.no_grad():
            image = self.model.vision_model(pixels).last_hidden_state
            out = self.model.get_image_features(pixels, **read)
        for hook in hooks:
            hook.remove()
        return image, states, out.pooler_output

    def training(self):
        """Logits, the loss, and its gradient for all that learns."""
        self.model.zero_grad()
        out = self.model(pixel_values=self.pixels, labels=self.labels(self.truth), **self.asked)
        out.loss.backward()
        return out.logits, out.loss.item(), {
            f"train.grad.{name}": parameter.grad.clone()
            for name, parameter in self.model.named_parameters()
            if name.startswith(TRAINED) and parameter.grad is not None
        }

    def generate(self, model, pixels, prompts, args):
        how = dict(max_new_tokens=14, do_sample=False) | args
        out = model.generate(
            pixel_values=pixels, return_dict_in_generate=True, output_scores=True,
            **self.inputs(prompts or [""] * len(pixels)), **how)
        scores = out.sequences_scores.tolist() if "num_beams" in args else None
        return out.sequences.tolist(), scores

    def case(self, name, prompts, args):
        exact = copy.deepcopy(self.model).double()
        sequences, scores = self.generate(self.model, self.pixels, prompts, args)
        doubled, _ = self.generate(exact, self.pixels.double(), prompts, args)
        assert sequences == doubled, f"{name}: float64 decodes otherwise; change the seed"
        texts = self.tokenizer.batch_decode(sequences, skip_special_tokens=True)
        return {"name": name, "args": {"max_new_tokens": 14} | args, "sequences": sequences, "texts": texts}, scores

    def video(self):
        """Frames of one video: each read under the instruction, all before the words."""
        frames, prompt = self.pixels[:2], PROMPTS[0]
        given = self.inputs([prompt], places=len(frames))
        read = {k: given[k].expand(len(frames), -1) for k in ("qformer_input_ids", "qformer_attention_mask")}
        with torch.no_grad():
            seen = self.model.get_image_features(frames, **read).pooler_output
            count = len(frames) * self.model.config.num_query_tokens
            words = self.model.get_input_embeddings()(given["input_ids"][:, count:])
            x = torch.cat([seen.reshape(1, -1, seen.shape[2]), words], 1)
            out = self.model.language_model.generate(
                inputs_embeds=x, attention_mask=given["attention_mask"], max_new_tokens=14, num_beams=3,
                do_sample=False, return_dict_in_generate=True, output_scores=True)
        return seen, {
            "prompt": prompt, "frames": [0, 1], "sequence": out.sequences[0].tolist(),
            "score": out.sequences_scores[0].item(),
            "text": self.tokenizer.decode(out.sequences[0], skip_special_tokens=True)}

    def numbers(self):
        """Both pairs of files by their name."""
        read = {k: self.asked[k] for k in ("qformer_input_ids", "qformer_attention_mask")}
        image, states, projected = self.states(self.pixels, **read)
        logits, loss, gradients = self.training()
        seen, video = self.video()
        cases = [self.case(name, ASKED, args)[0] for name, args in FIRST_CASES]
        cases = [case | {"texts": [text.strip() for text in case["texts"]]} for case in cases]
        first = {f"prompt.{k}": v for k, v in self.asked.items()} | {
            "pixel_values": self.pixels, "vision.last_hidden_state": image, "qformer.last_hidden_state": states[-1],
            "language_projection": projected, "train.labels": self.labels(self.truth), "train.logits": logits.detach()}
        more = gradients | {"video.language_projection": seen}
        more |= {f"qformer.hidden_states.{i}": x for i, x in enumerate(states)}
        others = []
        for name, prompts, args in CASES:
            case, scores = self.case(name, prompts, args)
            images = list(range(len(self.pixels)))
            others.append(case | {"images": images, "prompts": prompts, "sequences_scores": scores})
        return {
            "expected": (first, {
                "kind": "instructblip", "prompts": ASKED, "truth": self.truth, "train_loss": loss, "cases": cases}),
            "expected_more": (more, {"cases": others, "video": video}),
        }


def config(tokenizer, qformer_tokenizer):
    return InstructBlipConfig(
        vision_config=InstructBlipVisionConfig(
            hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, image_size=SIZE,
            patch_size=8).to_dict(),
        qformer_config=InstructBlipQFormerConfig(
            hidden_size=36, intermediate_size=72, num_hidden_layers=4, num_attention_heads=3, encoder_hidden_size=48,
            max_position_embeddings=64, vocab_size=len(qformer_tokenizer)).to_dict(),
        text_config=T5Config(
            d_model=40, d_ff=72, d_kv=12, num_layers=3, num_decoder_layers=2, num_heads=4, dense_act_fn="gelu",
            feed_forward_proj="gated-gelu", tie_word_embeddings=False, dropout_rate=0.0, decoder_start_token_id=0,
            relative_attention_num_buckets=8, relative_attention_max_distance=20, bos_token_id=1,
            vocab_size=len(tokenizer) + 3).to_dict(),
        num_query_tokens=QUERIES, image_token_index=tokenizer.convert_tokens_to_ids("<image>"))  # fmt: skip


def train(made):
    """On scenes, each described or asked about; without dropout, so that few steps are enough."""
    rng, model = random.Random(SEED), made.model.eval()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = 3e-3 * min(1, (step + 1) / 20) * (1 - step / STEPS)
        drawn = [draw_scene(rng, SIZE) for _ in range(24)]
        asks = [rng.random() < 0.3 for _ in drawn]
        prompts = [f"what color is the {s}?" if a else ASKED[0] for a, (_, _, (_, s)) in zip(asks, drawn)]
        labels = made.labels([color if a else f"a {c}" for a, (_, c, (color, _)) in zip(asks, drawn)])
        pixels = pixels_of([d[0] for d in drawn], SIZE)
        loss = model(pixel_values=pixels, labels=labels, **made.inputs(prompts)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    print(f"loss {loss.item():.3f} after {STEPS} steps")


def check(folder):
    files = Folder(folder, read_json(folder / "expected.json")["truth"]).numbers()
    return all([check_folder(folder, *numbers, name=name) for name, numbers in files.items()])


def write(folder, _):
    tokenizer = save_unigrams(folder)
    qformer_tokenizer = save_word_pieces(folder / "qformer_tokenizer", start=True)
    model = InstructBlipForConditionalGeneration._from_config(
        config(tokenizer, qformer_tokenizer), attn_implementation="eager")
    draw_weights(model, SEED, scale=0.8)
    train(Model(model, tokenizer, qformer_tokenizer))
    model.save_pretrained(folder)
    save_processor(folder, SIZE, QUERIES, "InstructBlipProcessor")
    _, truth = save_scenes(folder, SEED, [("a.png", 120), ("b.png", 160), ("c.png", 200)])
    for name, numbers in Folder(folder, truth).numbers().items():
        print([case["texts"] for case in numbers[1]["cases"]])
        write_expected(folder, *numbers, name=name)


if __name__ == "__main__":
    golden.main(write, check, ["hf-instructblip"])
