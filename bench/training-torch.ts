import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { GPT } from "./training-trials.ts";

const TIMEOUT_MS = 120_000;
const STEPS = 6;
/** Debian's may stand behind another one in the path. */
const PYTHONS = ["python3", "/usr/bin/python3"];

/** The same GPT in torch's own layers, on one thread: its fastest step with AdamW. */
const script = (batch: number): string => `
import time, torch
from torch import nn
from torch.nn import functional as F
torch.set_num_threads(1)
torch.manual_seed(1)
V, T, L, H, W, B = ${GPT.vocabulary}, ${GPT.context}, ${GPT.layers}, ${GPT.heads}, ${GPT.width}, ${batch}
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(W), nn.LayerNorm(W)
        self.qkv, self.out = nn.Linear(W, 3 * W), nn.Linear(W, W)
        self.up, self.down = nn.Linear(W, 4 * W), nn.Linear(4 * W, W)
        self.drop = nn.Dropout(${GPT.dropout})
        self.register_buffer("mask", torch.full((T, T), float("-inf")).triu(1))
    def forward(self, x):
        q, k, v = [p.view(B, T, H, W // H).transpose(1, 2) for p in self.qkv(self.n1(x)).split(W, 2)]
        a = F.softmax(q @ k.transpose(2, 3) / (W // H) ** 0.5 + self.mask, 3) @ v
        x = x + self.drop(self.out(a.transpose(1, 2).reshape(B, T, W)))
        return x + self.drop(self.down(F.gelu(self.up(self.n2(x)))))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.places = nn.Embedding(V, W), nn.Embedding(T, W)
        self.blocks, self.norm, self.drop = nn.ModuleList([Block() for _ in range(L)]), nn.LayerNorm(W), nn.Dropout(${GPT.dropout})
    def forward(self, x):
        h = self.drop(self.table(x) + self.places.weight)
        for block in self.blocks: h = block(h)
        return self.norm(h) @ self.table.weight.t()
net = Net()
optimiser = torch.optim.AdamW(net.parameters(), 0.001, weight_decay=0.01)
x = torch.randint(0, V, (B, T))
best = float("inf")
for _ in range(${STEPS}):
    start = time.perf_counter()
    loss = F.cross_entropy(net(x).view(-1, V), x.view(-1))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    best = min(best, time.perf_counter() - start)
print(B * T / best)
`;

/** Tokens a second of the GPT in torch on one thread; null where there is no torch (Debian: python3-torch). */
export async function torchTokensPerSecond(batch: number): Promise<number | null> {
  const run = promisify(execFile);
  for (const python of PYTHONS) {
    try {
      await run(python, ["-c", "import torch"], { timeout: TIMEOUT_MS });
    } catch {
      continue; // not there, or without torch
    }
    return Number((await run(python, ["-c", script(batch)], { timeout: TIMEOUT_MS })).stdout);
  }
  return null;
}
