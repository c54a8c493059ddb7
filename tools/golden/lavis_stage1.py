"""Writes or checks folders of BLIP-2's first stage: losses, gradients, six steps, captions, attention maps.

    pip install -r tools/golden/requirements.txt
    python tools/golden/lavis_stage1.py --check blip2-llm/src/test/resources/golden/lavis-stage1
    python tools/golden/lavis_stage1.py --out DIR [lavis-stage1] [lavis-stage1-clip]

The committed numbers are of LAVIS 1.0's own sources, run once with distributed gathering. The
arithmetic here is lavis_model.py, which --check holds to them; LAVIS itself was not installed.
Weights are drawn from a seed and not trained. Negatives are drawn as LAVIS does, from the softmax of
the similarities without the own pair, and written down, because other libraries draw other ones.
"""

import copy


import golden
import torch
import torch.nn.functional as F
from golden import check_folder, draw_weights, open_images, pixels_of, read_json, save_scenes, write_expected
from lavis_model import MASKED, Blip2Qformer
from tokenizer_files import save_word_pieces
from transformers import AutoTokenizer, GenerationConfig, GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

SIZES = {
    "bert_heads": 4, "bert_hidden_size": 32, "bert_intermediate_size": 64, "bert_layer_norm_eps": 1e-12,
    "bert_layers": 4, "cross_attention_freq": 2, "embed_dim": 16, "image_size": 32, "max_position_embeddings": 64,
    "max_txt_len": 16, "num_query_token": 6, "patch_size": 8, "vision_heads": 4, "vision_layer_norm_eps": 1e-6,
    "vision_layers": 3, "vision_width": 48,
}  # fmt: skip
KINDS = {
    "lavis-stage1": dict(seed=11, images=8, vit="eva", mlp_ratio=3.0),
    "lavis-stage1-clip": dict(seed=12, images=4, vit="clip", mlp_ratio=4.0),
}
BATCH, STEPS, RATE, END = 4, 6, 1e-3, 3
IMAGE_IDS = [0, 0, 1, 2]
WRITING = [
    ("greedy", dict(num_beams=1, max_length=20, min_length=0, repetition_penalty=1.0)),
    ("beam3", dict(num_beams=3, max_length=20, min_length=0, repetition_penalty=1.0)),
    ("beam3_min10", dict(num_beams=3, max_length=20, min_length=10, repetition_penalty=1.0)),
    ("greedy_rep1.5", dict(num_beams=1, max_length=20, min_length=0, repetition_penalty=1.5)),
    ("beam5", dict(num_beams=5, max_length=24, min_length=5, repetition_penalty=1.0)),
]


class Losses:
    """One step's losses over the pairs of all processes, of which a process has a part."""

    def __init__(self, model, pixels, text):
        self.model, self.ids, self.mask = model, text["input_ids"], text["attention_mask"]
        self.image = model.image(pixels)
        self.states, self.past, self.image_feats = model.encode_image(self.image)
        self.text_output, self.text_feat = model.encode_text(self.ids, self.mask)

    def similarities(self, own):
        """Of a process's pairs with all; gathered vectors carry no gradient."""
        all_images, all_texts = self.image_feats.detach(), self.text_feat.detach()
        i2t = torch.einsum("bqd,nd->bnq", self.image_feats[own], all_texts).amax(2) / self.model.temp
        t2i = torch.einsum("bd,nqd->bnq", self.text_feat[own], all_images).amax(2) / self.model.temp
        return i2t, t2i

    def contrast(self, i2t, t2i, own, image_ids=None):
        if image_ids is None:
            target = torch.arange(own.start, own.stop)
            return sum(F.cross_entropy(s, target, label_smoothing=0.1) for s in (i2t, t2i)) / 2
        same = (image_ids[own, None] == image_ids[None]).float()
        soft = 0.9 * same / same.sum(1, keepdim=True) + 0.1 / same.shape[1]
        return sum(-(soft * s.log_softmax(1)).sum(1).mean() for s in (i2t, t2i)) / 2

    def matching(self, own, image_for_text, text_for_image):
        ids, mask = self.ids, self.mask
        joined = self.model.joint(
            torch.cat([ids[own], ids[own], ids[text_for_image]]),
            torch.cat([mask[own], mask[own], mask[text_for_image]]),
            torch.cat([self.image[own], self.image[image_for_text], self.image[own]]))
        labels = torch.tensor([1] * len(image_for_text) + [0] * 2 * len(image_for_text))
        return F.cross_entropy(self.model.match(joined), labels)

    def captions(self, own):
        """Logits, and the loss of every token but the first."""
        past = [(k[own], v[own]) for k, v in self.past]
        logits, labels = self.model.caption_logits(self.ids[own], self.mask[own], past)
        scores, labels = logits[:, :-1].transpose(1, 2), labels[:, 1:]
        each = F.cross_entropy(scores, labels, label_smoothing=0.1, reduction="none")
        return logits, each.sum(1), each.sum() / (labels != -100).sum()

    def all(self, negatives=None, rank=0, image_ids=None, rng=None):
        """The three losses, and what they are of; negatives are drawn if none are given."""
        own = slice(rank * BATCH, (rank + 1) * BATCH)
        i2t, t2i = self.similarities(own)
        if negatives is None:
            negatives = draw_negatives(i2t, t2i, own, image_ids, rng)
        image_for_text, text_for_image = negatives
        return {
            "loss_itc": self.contrast(i2t, t2i, own, image_ids),
            "loss_itm": self.matching(own, image_for_text, text_for_image),
            "loss_lm": self.captions(own)[2],
        }, {"negative_image_for_text": image_for_text, "negative_text_for_image": text_for_image}


def draw_negatives(i2t, t2i, own, image_ids, rng):
    ids = torch.arange(i2t.shape[1]) if image_ids is None else image_ids
    same = ids[own, None] == ids[None]
    with torch.no_grad():
        weights = [s.masked_fill(same, MASKED).softmax(1) for s in (t2i, i2t)]
    return [torch.multinomial(w, 1, generator=rng)[:, 0].tolist() for w in weights]


class Writer(PreTrainedModel, GenerationMixin):
    """The Q-Former as a language model, whole sequences at every step, for transformers' decoding."""

    config_class = PretrainedConfig

    def __init__(self, model):
        super().__init__(PretrainedConfig(is_encoder_decoder=False, vocab_size=model.start + 1))
        self.blip2 = model
        self.generation_config = GenerationConfig()

    def prepare_inputs_for_generation(self, input_ids, image, **_):
        return {"input_ids": input_ids, "image": image}

    def forward(self, input_ids, image, **_):
        queries = self.blip2.queries(len(image))
        mask = torch.ones(len(input_ids), queries.shape[1] + input_ids.shape[1])
        states, _ = self.blip2.Qformer.bert(input_ids, mask, queries, image, causal=True)
        return CausalLMOutput(logits=self.blip2.Qformer.cls(states[-1][:, queries.shape[1] :]))


class Folder:
    """A folder's model and batch; `given` are the negatives that were drawn, or None to draw."""

    def __init__(self, folder, captions, given, seed=0):
        self.config = read_json(folder / "model.json")
        self.model = Blip2Qformer(self.config)
        self.model.load_state_dict(torch.load(folder / "checkpoint.pth")["model"])
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.given, self.captions = given, captions
        self.pixels = pixels_of(open_images(folder), self.config["image_size"])
        self.rng = torch.Generator().manual_seed(seed)

    def text(self, captions):
        return self.tokenizer(captions, padding="max_length", truncation=True,
                              max_length=self.config["max_txt_len"], return_tensors="pt")  # fmt: skip

    def negatives(self, *path):
        step = self.given
        for key in path if step else ():
            step = step[key]
        return step and (step["negative_image_for_text"], step["negative_text_for_image"])

    def step(self, losses, *path, **how):
        parts, drawn = losses.all(self.negatives(*path), rng=self.rng, **how)
        total = sum(parts.values())
        return total, {"loss": total.item()} | {k: v.item() for k, v in parts.items()} | drawn

    def gradients(self):
        return {f"grad.{n}": p.grad.clone() for n, p in self.model.named_parameters() if p.grad is not None}

    def forward(self):
        """Everything of the first four pairs before any step."""
        model, pixels, text = self.model, self.pixels[:BATCH], self.text(self.captions[:BATCH])
        losses = Losses(model, pixels, text)
        total, first = self.step(losses, "first_step")
        model.zero_grad()
        total.backward(retain_graph=True)
        i2t, t2i = losses.similarities(slice(0, BATCH))
        logits, each, _ = losses.captions(slice(0, BATCH))
        joined = model.joint(losses.ids, losses.mask, losses.image)
        tensors = {
            "pixel_values": pixels, "text.input_ids": losses.ids, "text.attention_mask": losses.mask,
            "image_embeds": losses.image, "query_output": losses.states[-1], "text_output": losses.text_output,
            "image_feats": losses.image_feats, "text_feat": losses.text_feat, "sim_i2t": i2t, "sim_t2i": t2i,
            "multimodal_output": joined, "itm_logits": model.match(joined), "lm_logits": logits,
            "lm_loss_per_sample": each,
        } | self.features(losses) | self.gradients()  # fmt: skip
        for i, x in enumerate(losses.states):
            tensors[f"query_hidden_states.{i}"] = x
        for i, (key, value) in enumerate(losses.past):
            tensors |= {f"query_past.{i}.key": key, f"query_past.{i}.value": value}
        return {k: v.detach() for k, v in tensors.items()}, first

    def features(self, losses):
        """As `extract_features` has them, of texts padded to the longest."""
        text = self.tokenizer(self.captions[:BATCH], padding=True, return_tensors="pt")
        ids, mask = text["input_ids"], text["attention_mask"]
        embeds, _ = self.model.encode_text(ids, mask)
        joined = self.model.joint(ids, mask, losses.image)
        return {
            "features.image.image_embeds": losses.states[-1],
            "features.image.image_embeds_proj": losses.image_feats,
            "features.text.text_embeds": embeds,
            "features.text.text_embeds_proj": F.normalize(self.model.text_proj(embeds), dim=-1),
            "features.multimodal.multimodal_embeds": joined[:, : self.config["num_query_token"]],
        }

    def attention_maps(self):
        """Cross-attention of matched pairs, gradients of the summed match logit, and GradCAM."""
        layers = dict(enumerate(self.model.Qformer.bert.encoder.layer))
        layers = {i: layer.crossattention for i, layer in layers.items() if layer.reads_image}
        for attention in layers.values():
            attention.seen = []
        text = self.text(self.captions[:BATCH])
        image = self.model.image(self.pixels[:BATCH])
        logit = self.model.match(self.model.joint(text["input_ids"], text["attention_mask"], image))[:, 1]
        logit.sum().backward()
        tensors = {"itm_match_logit": logit}
        for i, attention in layers.items():
            (x,), attention.seen = attention.seen, None
            tensors |= {f"attention.{i}": x, f"attention_grad.{i}": x.grad}
            tensors[f"cam.{i}"] = (x[..., 1:] * x.grad[..., 1:].clamp(min=0)).mean(1).mean(1)
        return {k: v.detach() for k, v in tensors.items()}

    def two_processes(self):
        """Both processes in one graph, which is what gathering with gradients comes to."""
        losses = Losses(self.model, self.pixels, self.text(self.captions))
        self.model.zero_grad()
        ranks = []
        for rank in range(2):
            total, said = self.step(losses, "world2", "ranks", rank, rank=rank)
            (total / 2).backward(retain_graph=True)
            del said["loss"]
            ranks.append({"captions": self.captions[rank * BATCH : (rank + 1) * BATCH]} | said)
        return self.gradients(), {"ranks": ranks}

    def six_steps(self):
        """Trains; what follows is of the moved weights."""
        trained = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
        plain = {n for n, p in trained.items() if p.dim() == 1 or n.endswith(".bias")}
        optimizer = torch.optim.AdamW([
            {"params": [p for n, p in trained.items() if n not in plain], "weight_decay": 0.05},
            {"params": [p for n, p in trained.items() if n in plain], "weight_decay": 0.0},
        ], betas=(0.9, 0.98))  # fmt: skip
        pixels, text, steps = self.pixels[:BATCH], self.text(self.captions[:BATCH]), []
        for i in range(STEPS):
            rate = RATE * (i + 1) / STEPS
            for group in optimizer.param_groups:
                group["lr"] = rate
            total, said = self.step(Losses(self.model, pixels, text), "steps", i)
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
            steps.append(said | {"lr": rate})
        after = {f"after6.{n}": p.detach().clone() for n, p in trained.items()}
        losses, ids = Losses(self.model, pixels, text), torch.tensor(IMAGE_IDS)
        _, shared = self.step(losses, "image_id_step", image_ids=ids)
        del shared["loss"]
        return after, steps, {"image_id": IMAGE_IDS} | shared

    def captions_written(self):
        image = self.model.image(self.pixels[:BATCH]).detach()
        writer, exact = Writer(self.model).eval(), Writer(copy.deepcopy(self.model).double()).eval()
        start = torch.full((BATCH, 1), self.model.start)
        cases = []
        for name, args in WRITING:
            how = dict(do_sample=False, use_cache=False, eos_token_id=END, pad_token_id=0, **args)
            rows = writer.generate(start, image=image, **how).tolist()
            assert rows == exact.generate(start, image=image.double(), **how).tolist(), f"{name}: float64 differs"
            texts = self.tokenizer.batch_decode(rows, skip_special_tokens=True)
            rows = [row[: row.index(END) + 1] if END in row else row for row in rows]
            cases.append({"name": name, "args": args, "sequences": rows, "texts": texts})
        return cases

    def numbers(self):
        """Every file of numbers by its name."""
        tensors, first = self.forward()
        files = {"expected_cam": (self.attention_maps(), None)}
        if len(self.pixels) > BATCH:
            files["expected_world2"] = self.two_processes()
        after, steps, shared = self.six_steps()
        files["expected"] = tensors | after, {
            "captions": self.captions[:BATCH], "first_step": first, "steps": steps, "image_id_step": shared,
            "generate": self.captions_written()}  # fmt: skip
        return files


def check(folder):
    given = read_json(folder / "expected.json")
    captions = given["captions"]
    if (folder / "expected_world2.json").exists():
        given["world2"] = read_json(folder / "expected_world2.json")
        captions = [c for rank in given["world2"]["ranks"] for c in rank["captions"]]
    files = Folder(folder, captions, given).numbers()
    return all([check_folder(folder, *numbers, name=name) for name, numbers in files.items()])


def write(folder, name):
    kind = dict(KINDS[name])
    seed, count = kind.pop("seed"), kind.pop("images")
    folder.mkdir(parents=True)
    tokenizer = save_word_pieces(folder, start=True)
    config = SIZES | kind | {"vocab_size": len(tokenizer)}
    (folder / "model.json").write_text(golden.json.dumps(config, indent=1, sort_keys=True))
    model = Blip2Qformer(config)
    draw_weights(model, seed)
    with torch.no_grad():
        model.Qformer.cls.predictions.bias[0] = -20  # captions of padding would look shorter
    torch.save({"model": model.state_dict()}, folder / "checkpoint.pth")
    _, captions = save_scenes(folder, seed, [(f"{i}.png", 64 + 8 * i) for i in range(count)])
    for file, numbers in Folder(folder, captions, None, seed).numbers().items():
        write_expected(folder, *numbers, name=file)


if __name__ == "__main__":
    golden.main(write, check, KINDS)
