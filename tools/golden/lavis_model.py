"""BLIP-2's first stage as LAVIS computes it, in plain PyTorch, with the names of LAVIS's checkpoints.

LAVIS 1.0 needs transformers 4.33 and timm 0.4.12, which no longer install beside current versions.
This is its published arithmetic (lavis/models/blip2_models: eva_vit.py, clip_vit.py, Qformer.py,
blip2_qformer.py) without half precision, and without dropout unless the sizes have a `dropout`.
`lavis_stage1.py --check` holds it to the committed numbers, which LAVIS's own sources gave.
"""

import torch
import torch.nn.functional as F
from torch import nn

MASKED = -10000.0


class EvaBlock(nn.Module):
    """Attention whose queries and values have biases, and whose keys have none."""

    def __init__(self, c):
        super().__init__()
        width, hidden, eps = c["vision_width"], int(c["vision_width"] * c["mlp_ratio"]), c["vision_layer_norm_eps"]
        self.heads = c["vision_heads"]
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=eps), nn.LayerNorm(width, eps=eps)
        self.attn = nn.Module()
        self.attn.qkv = nn.Linear(width, 3 * width, bias=False)
        self.attn.q_bias = nn.Parameter(torch.zeros(width))
        self.attn.v_bias = nn.Parameter(torch.zeros(width))
        self.attn.proj = nn.Linear(width, width)
        self.mlp = nn.Module()
        self.mlp.fc1, self.mlp.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):  # [B, N, C]
        B, N, C = x.shape
        bias = torch.cat([self.attn.q_bias, torch.zeros_like(self.attn.q_bias), self.attn.v_bias])
        qkv = F.linear(self.norm1(x), self.attn.qkv.weight, bias)
        q, k, v = qkv.view(B, N, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q * (C // self.heads) ** -0.5 @ k.transpose(2, 3)).softmax(-1)
        x = x + self.attn.proj((weights @ v).transpose(1, 2).reshape(B, N, C))
        return x + self.mlp.fc2(F.gelu(self.mlp.fc1(self.norm2(x))))


class EvaVisionTransformer(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, patch = c["vision_width"], c["patch_size"]
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, (c["image_size"] // patch) ** 2 + 1, width))
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, width, patch, patch)
        self.blocks = nn.ModuleList(EvaBlock(c) for _ in range(c["vision_layers"]))

    def forward(self, pixels):
        x = self.patch_embed.proj(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return x


class ClipBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        width = c["vision_width"]
        self.attn = nn.MultiheadAttention(width, c["vision_heads"], batch_first=True)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.Module()
        self.mlp.c_fc, self.mlp.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        hidden = self.mlp.c_fc(self.ln_2(x))
        return x + self.mlp.c_proj(hidden * torch.sigmoid(1.702 * hidden))


class ClipVisionTransformer(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, patch = c["vision_width"], c["patch_size"]
        self.class_embedding = nn.Parameter(torch.zeros(width))
        self.positional_embedding = nn.Parameter(torch.zeros((c["image_size"] // patch) ** 2 + 1, width))
        self.conv1 = nn.Conv2d(3, width, patch, patch, bias=False)
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList(ClipBlock(c) for _ in range(c["vision_layers"]))

    def forward(self, pixels):
        x = self.conv1(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_embedding.expand(len(x), 1, -1), x], 1) + self.positional_embedding
        x = self.ln_pre(x)
        for block in self.transformer.resblocks:
            x = block(x)
        return x


class Attention(nn.Module):
    """BERT's, with its output projection and norm; keeps its weights and their gradient if asked."""

    def __init__(self, c, context):
        super().__init__()
        width, self.heads = c["bert_hidden_size"], c["bert_heads"]
        # Named "self" in checkpoints.
        part = nn.Module()
        part.query, part.key, part.value = nn.Linear(width, width), nn.Linear(context, width), nn.Linear(context, width)
        self.add_module("self", part)
        self.output = nn.Module()
        self.output.dense = nn.Linear(width, width)
        self.output.LayerNorm = nn.LayerNorm(width, eps=c["bert_layer_norm_eps"])
        self.dropout = nn.Dropout(c.get("dropout", 0.0))
        self.seen = None

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, context, mask, past=None):
        part = getattr(self, "self")
        q, k, v = (self.split(y) for y in (part.query(x), part.key(context), part.value(context)))
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5
        weights = (scores + mask if mask is not None else scores).softmax(-1)
        if isinstance(self.seen, list):
            if weights.requires_grad:
                weights.retain_grad()
            self.seen.append(weights)
        mixed = (self.dropout(weights) @ v).transpose(1, 2).flatten(2)
        return self.output.LayerNorm(self.dropout(self.output.dense(mixed)) + x), (k, v)


class Layer(nn.Module):
    def __init__(self, c, reads_image):
        super().__init__()
        width, hidden, eps = c["bert_hidden_size"], c["bert_intermediate_size"], c["bert_layer_norm_eps"]
        self.attention = Attention(c, width)
        if reads_image:
            self.crossattention = Attention(c, c["vision_width"])
        self.reads_image = reads_image
        self.dropout = nn.Dropout(c.get("dropout", 0.0))
        for suffix in ("", "_query"):
            inner, outer = nn.Module(), nn.Module()
            inner.dense, outer.dense = nn.Linear(width, hidden), nn.Linear(hidden, width)
            outer.LayerNorm = nn.LayerNorm(width, eps=eps)
            self.add_module("intermediate" + suffix, inner)
            self.add_module("output" + suffix, outer)

    def feed_forward(self, x, suffix):
        inner, outer = getattr(self, "intermediate" + suffix), getattr(self, "output" + suffix)
        return outer.LayerNorm(self.dropout(outer.dense(F.gelu(inner.dense(x)))) + x)

    def forward(self, x, queries, image, mask, past):
        """The first `queries` rows read the image; the others are text."""
        x, past = self.attention(x, x, mask, past)
        parts = []
        if queries:
            y = x[:, :queries]
            if self.reads_image:
                y, _ = self.crossattention(y, image, None)
            parts.append(self.feed_forward(y, "_query"))
        if x.shape[1] > queries:
            parts.append(self.feed_forward(x[:, queries:], ""))
        return torch.cat(parts, 1), past


class Bert(nn.Module):
    def __init__(self, c):
        super().__init__()
        width = c["bert_hidden_size"]
        self.embeddings = nn.Module()
        self.embeddings.word_embeddings = nn.Embedding(c["vocab_size"], width)
        self.embeddings.position_embeddings = nn.Embedding(c["max_position_embeddings"], width)
        self.embeddings.LayerNorm = nn.LayerNorm(width, eps=c["bert_layer_norm_eps"])
        self.embeddings.register_buffer("position_ids", torch.arange(c["max_position_embeddings"])[None])
        self.dropout = nn.Dropout(c.get("dropout", 0.0))
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(
            Layer(c, i % c["cross_attention_freq"] == 0) for i in range(c["bert_layers"]))

    def forward(self, ids=None, mask=None, queries=None, image=None, past=None, causal=False):
        """Hidden states of every layer, [B, Q + T, C], and keys and values of every layer.

        mask [B, S] of all that is attended to, what is past included; queries have no positions.
        """
        parts = [] if queries is None else [queries]
        if ids is not None:
            positions = self.embeddings.position_embeddings.weight[: ids.shape[1]]
            parts.append(self.embeddings.word_embeddings(ids) + positions)
        x = self.dropout(self.embeddings.LayerNorm(torch.cat(parts, 1)))
        Q = 0 if queries is None else queries.shape[1]
        allowed = None if mask is None else mask[:, None, None, :].float()
        if causal:
            T, before = ids.shape[1], mask.shape[1] - ids.shape[1]
            rows = torch.cat([torch.ones(T, before), torch.ones(T, T).tril()], 1)
            if Q:  # queries see each other only
                rows = torch.cat([torch.cat([torch.ones(Q, Q), torch.zeros(Q, T)], 1), rows])
            allowed = allowed * rows
        additive = None if allowed is None else (1 - allowed) * MASKED
        states, kept = [x], []
        for i, layer in enumerate(self.encoder.layer):
            x, both = layer(x, Q, image, additive, None if past is None else past[i])
            states.append(x)
            kept.append(both)
        return states, kept


class LmHead(nn.Module):
    def __init__(self, c, words):
        super().__init__()
        width = c["bert_hidden_size"]
        self.predictions = nn.Module()
        self.predictions.bias = nn.Parameter(torch.zeros(c["vocab_size"]))
        self.predictions.transform = nn.Module()
        self.predictions.transform.dense = nn.Linear(width, width)
        self.predictions.transform.LayerNorm = nn.LayerNorm(width, eps=c["bert_layer_norm_eps"])
        self.predictions.decoder = nn.Linear(width, c["vocab_size"])
        self.predictions.decoder.weight, self.predictions.decoder.bias = words.weight, self.predictions.bias

    def forward(self, x):
        p = self.predictions
        return p.decoder(p.transform.LayerNorm(F.gelu(p.transform.dense(x))))


class Blip2Qformer(nn.Module):
    def __init__(self, c):
        super().__init__()
        width = c["bert_hidden_size"]
        self.visual_encoder = (EvaVisionTransformer if c["vit"] == "eva" else ClipVisionTransformer)(c)
        self.ln_vision = nn.LayerNorm(c["vision_width"])
        self.Qformer = nn.Module()
        self.Qformer.bert = Bert(c)
        self.Qformer.cls = LmHead(c, self.Qformer.bert.embeddings.word_embeddings)
        self.query_tokens = nn.Parameter(torch.zeros(1, c["num_query_token"], width))
        self.vision_proj, self.text_proj = nn.Linear(width, c["embed_dim"]), nn.Linear(width, c["embed_dim"])
        self.itm_head = nn.Linear(width, 2)
        self.temp = nn.Parameter(0.07 * torch.ones([]))
        self.start = c["vocab_size"] - 1  # [DEC]
        for parameter in self.visual_encoder.parameters():
            parameter.requires_grad = False

    def queries(self, count):
        return self.query_tokens.expand(count, -1, -1)

    def image(self, pixels):
        return self.ln_vision(self.visual_encoder(pixels))

    def encode_image(self, image):
        """States, keys and values, and unit vectors [B, Q, D]."""
        states, past = self.Qformer.bert(queries=self.queries(len(image)), image=image)
        return states, past, F.normalize(self.vision_proj(states[-1]), dim=-1)

    def encode_text(self, ids, mask):
        """States [B, T, C], and unit vectors of the first tokens."""
        states, _ = self.Qformer.bert(ids, mask)
        return states[-1], F.normalize(self.text_proj(states[-1][:, 0]), dim=-1)

    def joint(self, ids, mask, image):
        mask = torch.cat([torch.ones(len(ids), self.query_tokens.shape[1], dtype=mask.dtype), mask], 1)
        states, _ = self.Qformer.bert(ids, mask, self.queries(len(ids)), image)
        return states[-1]

    def match(self, joined):
        return self.itm_head(joined[:, : self.query_tokens.shape[1]]).mean(1)

    def caption_logits(self, ids, mask, past):
        ids = ids.clone()
        ids[:, 0] = self.start
        mask = torch.cat([torch.ones(len(ids), self.query_tokens.shape[1], dtype=mask.dtype), mask], 1)
        states, _ = self.Qformer.bert(ids, mask, past=past, causal=True)
        return self.Qformer.cls(states[-1]), ids.masked_fill(ids == 0, -100)
