"""What the folders `hf-opt` and `hf-t5` have beside their variants.

Scenes of more shapes, colors and places, trained on for longer; a training step with the gradient of
everything that learns; pixels of another size from the same images; fewer ways to decode.
"""

import torch
from golden import draw_scene, pixels_of, save_scenes
from hf_blip2 import PROMPTS
from transformers import GenerationConfig

CAPTIONS = ["a red circle above a blue square", "a photo of a dog running on a beach", "Answer: two"]
CASES = [
    ("greedy", {}),
    ("beam5", {"num_beams": 5}),
    ("beam5_lenpen_neg1", {"num_beams": 5, "length_penalty": -1.0}),
    ("beam3_lenpen_2", {"num_beams": 3, "length_penalty": 2.0}),
    ("greedy_rep1.5", {"repetition_penalty": 1.5}),
    ("beam4_ngram2", {"num_beams": 4, "no_repeat_ngram_size": 2}),
    ("beam3_min8", {"num_beams": 3, "min_new_tokens": 8}),
    ("beam5_early", {"num_beams": 5, "early_stopping": True}),
    ("beam4_return3", {"num_beams": 4, "num_return_sequences": 3}),
]
STATES = ("encoder.", "decoder.", "train.")
LEARNS = ("query_tokens", "qformer.", "language_projection.")


class First:
    steps = 1500
    decoding, margin = CASES, 1e-4

    def save_settings(self, folder):
        super().save_settings(folder)
        GenerationConfig.from_model_config(self.config.text_config).save_pretrained(folder)

    def training(self):
        """Inputs and labels of a training step."""
        raise NotImplementedError

    def __init__(self, *args):
        super().__init__(*args)
        # Of no effect here, but as a converted checkpoint has them.
        self.config.image_text_hidden_size = 24
        self.config.qformer_config.max_position_embeddings = 64
        self.config.qformer_config.vocab_size = 30522

    def scene(self, rng):
        return draw_scene(rng, self.image_size)

    def images(self, folder):
        return save_scenes(folder, 100 + self.spec["seed"], [("a.png", 160), ("b.png", 160), ("c.png", 240)])

    def large(self, images):
        return pixels_of(images, self.spec["large"][0])

    def stages(self, model, images):
        tensors = {k: v for k, v in super().stages(model, images).items() if not k.startswith(STATES)}
        pooled = model.vision_model(tensors["pixel_values"]).pooler_output.detach().clone()
        return tensors | {"vision.pooler_output": pooled} | self.gradients(model, tensors["pixel_values"])[0]

    def gradients(self, model, pixels):
        inputs = self.training()
        model.zero_grad()
        out = model(pixel_values=pixels, **inputs)
        out.loss.backward()
        tensors = {f"train.{k}": v for k, v in inputs.items()} | {"train.logits": out.logits.detach().clone()}
        for name, parameter in model.named_parameters():
            if name.startswith(LEARNS) and parameter.grad is not None:
                tensors[f"train.grad.{name}"] = parameter.grad.clone()
        return tensors, out.loss.item()

    def numbers(self, model, images, truth):
        tensors, expected = super().numbers(model, images, truth)
        loss = self.gradients(model, tensors["pixel_values"])[1]
        return tensors, expected | {"captions": CAPTIONS, "prompts": PROMPTS, "train_loss": loss}

    def lead(self, out, written):
        """Of every row up to the last step, those that have ended included."""
        best = torch.stack(out.scores).topk(2).values
        return (best[..., 0] - best[..., 1]).min().item()
