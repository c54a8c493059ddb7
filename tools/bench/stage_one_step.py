#!/usr/bin/env python3
"""One step of BLIP-2's first stage in PyTorch, to compare the bench figure stage1_train with.

    python stage_one_step.py [RUNS [float32|bfloat16]]

The Q-Former of LAVIS at full size over precomputed image features: 8 images of 257 x 1408, 32 queries, texts of 32
tokens, dropout, all three losses, gradients and AdamW, in float32 or under torch.autocast to bfloat16, which leaves
parameters and their gradients float32. As in LAVIS every pass computes the image's keys and values anew. Prints
medians of wall time in milliseconds and the peak of resident memory.
"""
import json
import os
import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

WIDTH, HEADS, LAYERS, INNER, WORDS = 768, 12, 12, 3072, 30523
IMAGE_WIDTH, QUERIES, TOKENS, BATCH, LENGTH = 1408, 32, 257, 8, 32


class Attention(nn.Module):
    def __init__(self, context=WIDTH):
        super().__init__()
        self.query, self.output = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.key, self.value = nn.Linear(context, WIDTH), nn.Linear(context, WIDTH)
        self.norm, self.dropout = nn.LayerNorm(WIDTH, 1e-12), nn.Dropout(0.1)

    @staticmethod
    def heads(x):
        return x.view(x.shape[0], -1, HEADS, WIDTH // HEADS).transpose(1, 2)

    def forward(self, x, context, mask=None, past=None):
        k, v = self.heads(self.key(context)), self.heads(self.value(context))
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        scores = self.heads(self.query(x)) @ k.transpose(-1, -2) / (WIDTH // HEADS) ** 0.5
        p = self.dropout((scores if mask is None else scores + mask).softmax(-1))
        mixed = (p @ v).transpose(1, 2).reshape(x.shape)
        return self.norm(self.dropout(self.output(mixed)) + x), (k, v)


class Perceptron(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm, self.dropout = nn.LayerNorm(WIDTH, 1e-12), nn.Dropout(0.1)

    def forward(self, x):
        return self.norm(self.dropout(self.down(F.gelu(self.up(x)))) + x)


class Layer(nn.Module):
    def __init__(self, index):
        super().__init__()
        self.attention = Attention()
        self.image_attention = Attention(IMAGE_WIDTH) if index % 2 == 0 else None
        self.text, self.query = Perceptron(), Perceptron()

    def forward(self, x, queries, image, mask, past):
        h, kv = self.attention(x, x, mask, past)
        if not queries:
            return self.text(h), kv
        q = h[:, :queries]
        if self.image_attention is not None:
            q, _ = self.image_attention(q, image)
        q = self.query(q)
        return (torch.cat([q, self.text(h[:, queries:])], 1) if h.shape[1] > queries else q), kv


class StageOne(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.positions = nn.Embedding(WORDS, WIDTH), nn.Embedding(512, WIDTH)
        self.norm, self.dropout = nn.LayerNorm(WIDTH, 1e-12), nn.Dropout(0.1)
        self.layers = nn.ModuleList(Layer(i) for i in range(LAYERS))
        self.queries = nn.Parameter(torch.randn(1, QUERIES, WIDTH) * 0.02)
        self.image_norm = nn.LayerNorm(IMAGE_WIDTH)
        self.image_projection, self.text_projection = nn.Linear(WIDTH, 256), nn.Linear(WIDTH, 256)
        self.matching, self.temperature = nn.Linear(WIDTH, 2), nn.Parameter(torch.tensor(0.07))
        self.transform, self.head_norm = nn.Linear(WIDTH, WIDTH), nn.LayerNorm(WIDTH, 1e-12)
        self.bias = nn.Parameter(torch.zeros(WORDS))

    def encode(self, x, queries=0, image=None, mask=None, past=None):
        x, cache = self.dropout(self.norm(x)), []
        for i, layer in enumerate(self.layers):
            x, kv = layer(x, queries, image, mask, None if past is None else past[i])
            cache.append(kv)
        return x, cache

    def embed(self, ids):
        return self.words(ids) + self.positions(torch.arange(ids.shape[1]))

    def negatives(self, similarity):
        with torch.no_grad():
            hidden = similarity.clone().fill_diagonal_(-10000)
            return torch.multinomial(hidden.softmax(1), 1).squeeze(1)

    def forward(self, features, ids):
        image, own = self.image_norm(features), torch.arange(BATCH)
        seen, past = self.encode(self.queries.expand(BATCH, -1, -1), QUERIES, image)
        said, _ = self.encode(self.embed(ids))
        images = F.normalize(self.image_projection(seen), dim=-1)
        texts = F.normalize(self.text_projection(said[:, 0]), dim=-1)
        to_text = torch.einsum("bqp,wp->bwq", images, texts.detach()).amax(-1) / self.temperature
        to_image = torch.einsum("bp,wqp->bwq", texts, images.detach()).amax(-1) / self.temperature
        contrast = sum(F.cross_entropy(s, own, label_smoothing=0.1) for s in (to_text, to_image)) / 2

        all_ids = torch.cat([ids, ids, ids[self.negatives(to_text)]])
        all_images = torch.cat([image, image[self.negatives(to_image)], image])
        both = torch.cat([self.queries.expand(3 * BATCH, -1, -1), self.embed(all_ids)], 1)
        joint, _ = self.encode(both, QUERIES, all_images)
        labels = (torch.arange(3 * BATCH) < BATCH).long()
        matching = F.cross_entropy(self.matching(joint[:, :QUERIES]).mean(1), labels)

        begun = ids.clone()
        begun[:, 0] = WORDS - 1
        later = torch.full((LENGTH, LENGTH), -10000.0).triu(1)
        mask = torch.cat([torch.zeros(LENGTH, QUERIES), later], 1)
        written, _ = self.encode(self.embed(begun), mask=mask, past=past)
        hidden = self.head_norm(F.gelu(self.transform(written)))
        scores = F.linear(hidden, self.words.weight, self.bias)[:, :-1].reshape(-1, WORDS)
        generation = F.cross_entropy(scores, begun[:, 1:].reshape(-1), label_smoothing=0.1)
        return contrast + matching + generation


torch.manual_seed(0)
torch.set_num_threads(len(os.sched_getaffinity(0)))
model = StageOne().train()
optimizer = torch.optim.AdamW(model.parameters(), 1e-4, weight_decay=0.05)
features, ids = torch.rand(BATCH, TOKENS, IMAGE_WIDTH), torch.randint(0, 30000, (BATCH, LENGTH))
narrow = sys.argv[2:3] == ["bfloat16"]
times = []
for _ in range(1 + int(sys.argv[1] if len(sys.argv) > 1 else 5)):
    start = time.perf_counter()
    optimizer.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
        loss = model(features, ids)
    loss.backward()
    optimizer.step()
    times.append((time.perf_counter() - start) * 1e3)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"ms": statistics.median(times[1:]), "min": min(times[1:]), "max": max(times[1:]), "peak_mib": peak}))
