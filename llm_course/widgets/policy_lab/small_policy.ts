/** A policy that answers sums, small enough to be trained in the page: embeddings, one hidden layer, a softmax. */

import { normal, softmax } from "../models/numbers.ts";
import { sample } from "../models/sampling.ts";

export interface Question {
  left: number;
  right: number;
}

/** The hidden layer is tanh(bias + a row for each of left, right, place and the last token). */
export interface Policy {
  width: number; // Of the hidden layer.
  tokens: number; // How many there are. The last of them ends an answer.
  longest: number; // An answer has at most so many tokens.
  largest: number; // Numbers go from 0 to this.
  weights: Float64Array; // All of them, in the order of `layout`.
}

export interface Answer {
  question: Question;
  tokens: number[]; // With the end, unless it was cut off.
}

type Layout = { bias: number, left: number, right: number, place: number, last: number, out: number, outBias: number, size: number };

/** Where each table begins in `weights`. */
export function layout({ width, tokens, longest, largest }: Omit<Policy, "weights">): Layout {
  const bias = 0;
  const left = bias + width;
  const right = left + (largest + 1) * width;
  const place = right + (largest + 1) * width;
  const last = place + longest * width;
  const out = last + (tokens + 1) * width; // one more row: before the first token
  const outBias = out + tokens * width;
  return { bias, left, right, place, last, out, outBias, size: outBias + tokens };
}

export function newPolicy(shape: Omit<Policy, "weights">, uniform: () => number): Policy {
  const { bias, left, out, outBias, size } = layout(shape);
  const weights = new Float64Array(size);
  for (let i = left; i < out; i++) weights[i] = 0.5 * normal(uniform);
  for (let i = out; i < outBias; i++) weights[i] = normal(uniform) / Math.sqrt(shape.width);
  weights.fill(0, bias, left);
  return { ...shape, weights };
}

export function copyOf(policy: Policy) {
  return { ...policy, weights: policy.weights.slice() };
}

/**
 * @param place  Number of the next token in the answer, from 0.
 * @param last  The token before it; before the first token, `policy.tokens`.
 * @returns  `rows`: where the rows that were added begin.
 */
export function nextToken(
  policy: Policy,
  question: Question,
  place: number,
  last: number,
): { hidden: Float64Array, rows: number[], probabilities: number[] } {
  const { width, tokens, weights } = policy;
  const at = layout(policy);
  const rows = [at.bias, at.left + question.left * width, at.right + question.right * width, at.place + place * width, at.last + last * width];
  const hidden = new Float64Array(width);
  for (const row of rows) for (let i = 0; i < width; i++) hidden[i] += weights[row + i];
  for (let i = 0; i < width; i++) hidden[i] = Math.tanh(hidden[i]);
  const logits = Array(tokens);
  for (let token = 0; token < tokens; token++) {
    let sum = weights[at.outBias + token];
    const row = at.out + token * width;
    for (let i = 0; i < width; i++) sum += weights[row + i] * hidden[i];
    logits[token] = sum;
  }
  return { hidden, rows, probabilities: softmax(logits) };
}

/** Answers token by token until the end, or until the answer is as long as it may be. */
export function sampleAnswer(policy: Policy, question: Question, uniform: () => number): Answer {
  const end = policy.tokens - 1;
  const tokens = [];
  let last = policy.tokens;
  while (tokens.length < policy.longest && last !== end) {
    last = sample(nextToken(policy, question, tokens.length, last).probabilities, uniform());
    tokens.push(last);
  }
  return { question, tokens };
}

/** The distributions that the policy had in mind when it wrote an answer. */
export function distributions(policy: Policy, { question, tokens }: Answer) {
  return tokens.map((_, place) => nextToken(policy, question, place, place ? tokens[place - 1] : policy.tokens).probabilities);
}

/** The log probability of an answer: the sum over its tokens. */
export function logProbability(policy: Policy, answer: Answer) {
  return distributions(policy, answer).reduce((sum, probabilities, place) => sum + Math.log(probabilities[answer.tokens[place]]), 0);
}

/**
 * The gradient of minus the mean, over all tokens, of weight times log probability: with the weight 1 that is
 * supervised fine-tuning, with an advantage it is a policy gradient.
 */
export function gradient(policy: Policy, answers: Answer[], answerWeights: number[]): Float64Array {
  const { width } = policy;
  const at = layout(policy);
  const result = new Float64Array(at.size);
  const count = answers.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const inner = new Float64Array(width);
  answers.forEach(({ question, tokens }, i) => {
    if (answerWeights[i] === 0) return;
    tokens.forEach((chosen, place) => {
      const { hidden, rows, probabilities } = nextToken(policy, question, place, place ? tokens[place - 1] : policy.tokens);
      inner.fill(0);
      probabilities.forEach((probability, token) => {
        // Of -log softmax with respect to a logit: the probability, less 1 for the token that was chosen.
        const slope = (answerWeights[i] / count) * (probability - Number(token === chosen));
        result[at.outBias + token] += slope;
        const row = at.out + token * width;
        for (let j = 0; j < width; j++) {
          result[row + j] += slope * hidden[j];
          inner[j] += slope * policy.weights[row + j];
        }
      });
      for (const row of rows) for (let j = 0; j < width; j++) result[row + j] += inner[j] * (1 - hidden[j] * hidden[j]);
    });
  });
  return result;
}

/** Adam on all weights, in place. */
export function adam(policy: Policy, rate: number) {
  const mean = new Float64Array(policy.weights.length);
  const square = new Float64Array(policy.weights.length);
  let step = 0;
  return (slopes: Float64Array) => {
    step += 1;
    for (let i = 0; i < slopes.length; i++) {
      mean[i] = 0.9 * mean[i] + 0.1 * slopes[i];
      square[i] = 0.999 * square[i] + 0.001 * slopes[i] ** 2;
      const [m, v] = [mean[i] / (1 - 0.9 ** step), square[i] / (1 - 0.999 ** step)];
      policy.weights[i] -= (rate * m) / (Math.sqrt(v) + 1e-8);
    }
  };
}
