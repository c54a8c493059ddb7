"""Adds more of the reference's numbers to a golden folder of InstructBLIP with T5.

    pip install torch==2.13.0 transformers==5.18.0 safetensors tokenizers
    python tools/golden/hf_instructblip.py blip2-llm/src/test/resources/golden/hf-instructblip

Beside the folder's expected.json and expected.safetensors it writes expected_more.json and
expected_more.safetensors: the states of every Q-Former layer, the gradient of the training loss for
all that learns, decoding without words, with the settings of LAVIS and with several texts for each
prompt, and frames of a video, read one by one under the same instruction. Every case is decoded in
float64 too, and must give the same tokens.
"""

import copy
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, InstructBlipForConditionalGeneration

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


class Folder:
    def __init__(self, path):
        self.path = Path(path)
        self.golden = load_file(self.path / "expected.safetensors")
        self.expected = json.loads((self.path / "expected.json").read_text())
        self.model = InstructBlipForConditionalGeneration.from_pretrained(
            self.path, dtype=torch.float32, attn_implementation="eager").eval()
        self.tokenizer = AutoTokenizer.from_pretrained(self.path)
        self.qformer_tokenizer = AutoTokenizer.from_pretrained(self.path / "qformer_tokenizer")

    def inputs(self, pixels, prompts, places=1):
        """What the processor makes of words; of none, what it makes of the empty text."""
        prompts = prompts or [""] * len(pixels)
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

    def gradients(self):
        g = self.golden
        out = self.model(
            pixel_values=g["pixel_values"], input_ids=g["prompt.input_ids"],
            attention_mask=g["prompt.attention_mask"], qformer_input_ids=g["prompt.qformer_input_ids"],
            qformer_attention_mask=g["prompt.qformer_attention_mask"], labels=g["train.labels"])
        expected = self.expected["train_loss"]
        assert abs(out.loss.item() - expected) < 1e-6 * expected, (out.loss.item(), expected)
        apart = (out.logits - g["train.logits"]).abs().max().item()
        assert apart < 1e-4, apart
        out.loss.backward()
        return {
            f"train.grad.{name}": parameter.grad.clone()
            for name, parameter in self.model.named_parameters()
            if name.startswith(TRAINED) and parameter.grad is not None
        }

    def hidden_states(self):
        g = self.golden
        states = []
        hooks = [
            layer.register_forward_hook(lambda _, __, out: states.append(out if torch.is_tensor(out) else out[0]))
            for layer in [self.model.qformer.embeddings, *self.model.qformer.encoder.layer]
        ]
        with torch.no_grad():
            self.model.get_image_features(
                g["pixel_values"], qformer_input_ids=g["prompt.qformer_input_ids"],
                qformer_attention_mask=g["prompt.qformer_attention_mask"])
        for hook in hooks:
            hook.remove()
        apart = (states[-1] - g["qformer.last_hidden_state"]).abs().max().item()
        assert apart < 1e-5, apart
        return {f"qformer.hidden_states.{i}": x.clone() for i, x in enumerate(states)}

    def generate(self, model, pixels, prompts, args):
        how = dict(max_new_tokens=14, do_sample=False) | args
        out = model.generate(
            pixel_values=pixels, return_dict_in_generate=True, output_scores=True,
            **self.inputs(pixels, prompts), **how)
        scores = out.sequences_scores.tolist() if "num_beams" in args else None
        return out.sequences.tolist(), scores

    def cases(self):
        exact = copy.deepcopy(self.model).double()
        pixels = self.golden["pixel_values"]
        cases = []
        for name, prompts, args in CASES:
            sequences, scores = self.generate(self.model, pixels, prompts, args)
            doubled, _ = self.generate(exact, pixels.double(), prompts, args)
            assert sequences == doubled, f"{name}: float64 decodes otherwise"
            cases.append({
                "name": name, "args": {"max_new_tokens": 14} | args, "images": list(range(len(pixels))),
                "prompts": prompts, "sequences": sequences,
                "texts": self.tokenizer.batch_decode(sequences, skip_special_tokens=True),
                "sequences_scores": scores})
        return cases

    def video(self):
        """Frames of one video: each read under the instruction, all before the words."""
        frames, prompt = self.golden["pixel_values"][:2], PROMPTS[0]
        given = self.inputs(frames[:1], [prompt], places=len(frames))
        read = {k: given[k].expand(len(frames), -1) for k in ("qformer_input_ids", "qformer_attention_mask")}
        with torch.no_grad():
            seen = self.model.get_image_features(frames, **read).pooler_output
            words = self.model.get_input_embeddings()(given["input_ids"][:, -(given["input_ids"].shape[1] - 12):])
            x = torch.cat([seen.reshape(1, -1, seen.shape[2]), words], 1)
            assert x.shape[1] == given["attention_mask"].shape[1]
            out = self.model.language_model.generate(
                inputs_embeds=x, attention_mask=given["attention_mask"], max_new_tokens=14, num_beams=3,
                do_sample=False, return_dict_in_generate=True, output_scores=True)
        return {"video.language_projection": seen.clone()}, {
            "prompt": prompt, "frames": [0, 1], "sequence": out.sequences[0].tolist(),
            "score": out.sequences_scores[0].item(),
            "text": self.tokenizer.decode(out.sequences[0], skip_special_tokens=True)}


def main():
    folder = Folder(sys.argv[1])
    tensors, video = folder.video()
    tensors |= folder.hidden_states() | folder.gradients()
    tensors = {k: v.detach().contiguous() for k, v in tensors.items()}
    save_file(tensors, folder.path / "expected_more.safetensors")
    expected = {"cases": folder.cases(), "video": video}
    (folder.path / "expected_more.json").write_text(json.dumps(expected, indent=1))
    for case in expected["cases"]:
        print(case["name"], case["texts"], case["sequences_scores"])
    print(video)


main()
