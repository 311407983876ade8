/** How many of the rows of `logits` [rows × outputs] have their largest number at the label. */
export function countHits(logits: Float32Array, labels: Uint8Array): number {
  const outputs = logits.length / labels.length;
  let hits = 0;
  labels.forEach((label, row) => {
    const own = logits[row * outputs + label]!;
    let best = true;
    for (let i = row * outputs; i < (row + 1) * outputs; i++) if (!(logits[i]! < own) && i !== row * outputs + label) best = false;
    if (best) hits += 1;
  });
  return hits;
}

/** The cross-entropy −log softmax(logits)[label] of each row, in nats. */
export function lossesOf(logits: Float32Array, labels: Uint8Array): Float64Array {
  const outputs = logits.length / labels.length;
  return Float64Array.from(labels, (label, row) => {
    const own = logits.subarray(row * outputs, (row + 1) * outputs);
    const top = own.reduce((a, b) => Math.max(a, b), -Infinity);
    return top + Math.log(own.reduce((total, logit) => total + Math.exp(logit - top), 0)) - own[label]!;
  });
}

/** Their sum. */
export const sumLoss = (logits: Float32Array, labels: Uint8Array): number => lossesOf(logits, labels).reduce((sum, loss) => sum + loss, 0);

/** Counts each row where its label (first) and its largest logit (second) meet. */
export function addConfusion(confusion: number[][], logits: Float32Array, labels: Uint8Array): void {
  const outputs = logits.length / labels.length;
  labels.forEach((label, row) => {
    const own = logits.subarray(row * outputs, (row + 1) * outputs);
    const answer = own.indexOf(own.reduce((a, b) => Math.max(a, b), -Infinity));
    if (answer >= 0) confusion[label]![answer]! += 1;
  });
}

export function softmax(logits: Float32Array): number[] {
  const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = Array.from(logits, (logit) => Math.exp(logit - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}
