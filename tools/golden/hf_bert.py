"""Writes or checks `hf-bert`: plain BERT of transformers, as encoder and, in `decoder`, as reader of other states.

    pip install -r tools/golden/requirements.txt
    python tools/golden/hf_bert.py --check blip2-qformer/src/test/resources/golden/hf-bert
    python tools/golden/hf_bert.py --out DIR

Weights are drawn from a seed and not trained. `decoder.cached_logits_5_8` are of tokens 5 to 8 of the
first row and of the second, without masks, after the first five.
"""

import golden
import torch
from golden import check_folder, draw_weights, write_expected
from safetensors.torch import load_file
from tokenizer_files import save_word_pieces
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, BertLMHeadModel

SEED, WIDTH = 5, 36
PAIRS = [("a red circle above a blue square", "what color is the star?"), ("a dog", "two")]
SIZES = dict(hidden_size=WIDTH, intermediate_size=80, num_hidden_layers=3, num_attention_heads=3,
             max_position_embeddings=48, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)  # fmt: skip


def load(kind, folder):
    return kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


@torch.no_grad()
def numbers(folder, given):
    """Of words and states that are given."""
    encoder, decoder = load(BertForMaskedLM, folder), load(BertLMHeadModel, folder / "decoder")
    ids, mask = given["input_ids"], given["attention_mask"]
    text = {"input_ids": ids, "attention_mask": mask, "token_type_ids": given["token_type_ids"]}
    seen = encoder.bert(**text, output_hidden_states=True, output_attentions=True)
    reads = {"encoder_hidden_states": given["decoder.encoder_hidden_states"],
             "encoder_attention_mask": given["decoder.encoder_attention_mask"]}  # fmt: skip
    out = decoder(input_ids=ids, attention_mask=mask, labels=ids.masked_fill(mask == 0, -100), **reads)
    first = decoder(input_ids=ids[:, :5], use_cache=True, **reads)
    then = decoder(input_ids=ids[:, 5:8], past_key_values=first.past_key_values, **reads)
    tensors = given | {
        "encoder.last_hidden_state": seen.last_hidden_state, "mlm.logits": encoder(**text).logits,
        "encoder.from_embeds": encoder.bert(inputs_embeds=given["inputs_embeds"]).last_hidden_state,
        "decoder.logits": out.logits, "decoder.cached_logits_5_8": then.logits,
    }  # fmt: skip
    tensors |= {f"encoder.hidden_states.{i}": x for i, x in enumerate(seen.hidden_states)}
    tensors |= {f"encoder.attentions.{i}": x for i, x in enumerate(seen.attentions)}
    return tensors, {"kind": "bert", "decoder_loss": out.loss.item()}


GIVEN = ("input_ids", "attention_mask", "token_type_ids", "inputs_embeds", "decoder.encoder_hidden_states",
         "decoder.encoder_attention_mask")  # fmt: skip


def check(folder):
    committed = load_file(folder / "expected.safetensors")
    return check_folder(folder, *numbers(folder, {name: committed[name] for name in GIVEN}))


def write(folder, _):
    tokenizer = save_word_pieces(folder, start=False)
    for seed, part, kind, more in (
        (SEED, folder, BertForMaskedLM, {}),
        (SEED + 1, folder / "decoder", BertLMHeadModel, dict(is_decoder=True, add_cross_attention=True)),
    ):
        model = kind(BertConfig(vocab_size=len(tokenizer), **SIZES, **more))
        draw_weights(model, seed)
        model.save_pretrained(part)
    rng = torch.Generator().manual_seed(SEED)
    text = AutoTokenizer.from_pretrained(folder)(*map(list, zip(*PAIRS)), padding=True, return_tensors="pt")
    text["token_type_ids"] = (torch.arange(text["input_ids"].shape[1]) > 8).long().expand(2, -1).contiguous()
    write_expected(folder, *numbers(folder, dict(text) | {
        "inputs_embeds": torch.randn(2, 7, WIDTH, generator=rng),
        "decoder.encoder_hidden_states": torch.randn(2, 9, WIDTH, generator=rng),
        "decoder.encoder_attention_mask": torch.tensor([[1] * 9, [1] * 6 + [0] * 3]),
    }))  # fmt: skip


if __name__ == "__main__":
    golden.main(write, check, ["hf-bert"])
