"""Writes or checks `hf-itm`: image-text matching and contrast of transformers' Blip2ForImageTextRetrieval.

    pip install -r tools/golden/requirements.txt
    python tools/golden/hf_itm.py --check blip2-llm/src/test/resources/golden/hf-itm
    python tools/golden/hf_itm.py --out DIR

Weights are drawn from a seed and not trained.
"""

import golden
import torch
from golden import check_folder, draw_weights, open_images, pixels_of, read_json, save_processor, save_scenes, write_expected
from tokenizer_files import save_word_pieces
from transformers import (
    AutoTokenizer,
    Blip2Config,
    Blip2ForImageTextRetrieval,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    OPTConfig,
)

SEED, SIZE, LARGE, QUERIES = 3, 48, 64, 8
TEXTS = ["a red circle above a blue square", "a photo of a dog sleeping on the couch", "a green star"]


def config(vocabulary):
    # transformers wants a language model's sizes, too.
    return Blip2Config(
        vision_config=Blip2VisionConfig(
            hidden_size=64, intermediate_size=128, num_hidden_layers=3, num_attention_heads=4, image_size=SIZE,
            patch_size=8).to_dict(),
        qformer_config=Blip2QFormerConfig(
            hidden_size=48, intermediate_size=96, num_hidden_layers=4, num_attention_heads=4, encoder_hidden_size=64,
            max_position_embeddings=64, vocab_size=vocabulary, use_qformer_text_input=True).to_dict(),
        text_config=OPTConfig(
            hidden_size=64, ffn_dim=128, num_hidden_layers=3, num_attention_heads=4, vocab_size=vocabulary + 3,
            max_position_embeddings=128, word_embed_proj_dim=64, dropout=0.0).to_dict(),
        num_query_tokens=QUERIES, image_text_hidden_size=24, image_token_index=None)  # fmt: skip


@torch.no_grad()
def numbers(folder, truth, texts):
    model = Blip2ForImageTextRetrieval.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(folder)
    images = open_images(folder)
    pixels, large = pixels_of(images, SIZE), pixels_of(images, LARGE)
    text = dict(tokenizer(texts, padding=True, return_tensors="pt"))
    text.pop("token_type_ids", None)
    vision = model.vision_model(pixels, output_hidden_states=True)
    match = model(pixel_values=pixels, use_image_text_matching_head=True, **text).logits_per_image
    contrast = model(pixel_values=pixels, use_image_text_matching_head=False, **text)
    tensors = {
        "pixel_values": pixels, "pixel_values_large": large, **text,
        "vision.last_hidden_state": vision.last_hidden_state, "vision.pooler_output": vision.pooler_output,
        "vision_large.last_hidden_state": model.vision_model(large, interpolate_pos_encoding=True).last_hidden_state,
        "itm.logits": match, "itc.image_embeds": contrast.image_embeds, "itc.text_embeds": contrast.text_embeds,
        "itc.logits_per_image": contrast.logits_per_image,
    }  # fmt: skip
    tensors |= {f"vision.hidden_states.{i}": x for i, x in enumerate(vision.hidden_states)}
    return tensors, {
        "cases": [], "texts": texts, "truth": truth, "itm_probability": match.softmax(1)[:, 1].tolist(),
        "itc_similarity": contrast.logits_per_image.tolist()}  # fmt: skip


def check(folder):
    committed = read_json(folder / "expected.json")
    return check_folder(folder, *numbers(folder, committed["truth"], committed["texts"]))


def write(folder, _):
    tokenizer = save_word_pieces(folder, start=True)
    model = Blip2ForImageTextRetrieval(config(len(tokenizer)))
    draw_weights(model, SEED)
    model.save_pretrained(folder)
    save_processor(folder, SIZE, 0, "Blip2Processor")
    _, truth = save_scenes(folder, SEED, [("a.png", 160), ("b.png", 160), ("c.png", 240)])
    write_expected(folder, *numbers(folder, truth, TEXTS))


if __name__ == "__main__":
    golden.main(write, check, ["hf-itm"])
