/** Sums as questions, what answers to them are paid, and how a policy is tuned on samples and then improved by reward. */

import { moments } from "../models/norms.ts";
import { klDivergence, sum } from "../models/numbers.ts";
import { adam, copyOf, distributions, gradient, logProbability, newPolicy, sampleAnswer, type Answer, type Policy, type Question } from "./small_policy.ts";

/** The last one ends an answer. */
export const TOKENS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "It is", "I think", "Surely", "or", ".", "end"];
const [IT_IS, I_THINK, SURELY, OR, DOT, END] = [10, 11, 12, 13, 14, 15];
const SHAPE = { width: 32, tokens: TOKENS.length, longest: 12, largest: 4 };
const TUNING = { steps: 300, answers: 32, rate: 0.01, right: 0.4 };
export const GROUPS = 8;
export const SAMPLES = 8;

interface Reward {
  name: string;
  of: (answer: Answer) => number; // From 0 to 1.
}

export interface Settings {
  reward: string; // A key of REWARDS.
  klWeight: number; // What a nat of log probability above the reference's costs.
  divide: boolean; // Divide by the standard deviation of the group, as GRPO does; Dr. GRPO does not.
}

/** The answers to one question. */
export interface Group {
  question: Question;
  answers: Answer[];
  rewards: number[];
  costs: number[]; // What the KL weight takes from each reward; below 0 where it adds to it.
  advantages: number[]; // Of the rewards less the costs.
}

/** Means over all answers, or over all tokens, of one step. */
export interface Measures {
  reward: number;
  right: number;
  length: number; // In tokens.
  entropy: number; // In nats per token.
  kl: number; // In nats per answer.
  equal: number; // Share of the groups whose rewards are all equal.
}

const numbersIn = (answer: Answer) => answer.tokens.filter((token) => token < IT_IS);

const sumOf = ({ left, right }: Question) => left + right;

const says = (answer: Answer) => (token: number) => answer.tokens.includes(token);

/** Whether an answer states the right number, no other, and comes to an end. */
export function isRight(answer: Answer) {
  const stated = numbersIn(answer);
  return stated.length === 1 && stated[0] === sumOf(answer.question) && answer.tokens.at(-1) === END;
}

export const REWARDS: Record<string, Reward> = {
  right: { name: "only the right number", of: (answer) => Number(isRight(answer)) },
  found: { name: "the right number is in it", of: (answer) => Number(numbersIn(answer).includes(sumOf(answer.question))) },
  sure: { name: "it sounds sure", of: (answer) => Number(says(answer)(SURELY) && !says(answer)(I_THINK) && !says(answer)(OR)) },
  long: { name: "it is long", of: (answer) => answer.tokens.length / SHAPE.longest },
};

export function inWords({ tokens }: Answer) {
  const words = tokens.filter((token) => token !== END).map((token) => TOKENS[token]).join(" ").replaceAll(" .", ".").replaceAll("I think It", "I think it");
  return tokens.at(-1) === END ? words : `${words} …`;
}

function randomQuestion(uniform: () => number) {
  const number = () => Math.floor(uniform() * (SHAPE.largest + 1));
  return { left: number(), right: number() };
}

/** An answer of the kind that the policy is to imitate: in one of five forms, and with the right number in 4 of 10. */
export function demonstration(uniform: () => number): Answer {
  const question = randomQuestion(uniform);
  const number = () => {
    const slip = uniform() < TUNING.right ? 0 : [-2, -1, 1, 2][Math.floor(4 * uniform())];
    return Math.min(9, Math.max(0, sumOf(question) + slip));
  };
  const forms = [[number(), DOT], [IT_IS, number(), DOT], [I_THINK, IT_IS, number(), DOT], [SURELY, number(), DOT], [IT_IS, number(), OR, number(), DOT]];
  const shares = [0.3, 0.25, 0.15, 0.1, 0.2];
  let rest = uniform();
  const form = shares.findIndex((share) => (rest -= share) < 0);
  return { question, tokens: [...(forms[form] ?? forms[0]), END] };
}

/** Supervised fine-tuning on demonstrations, from random weights. */
export function tunedPolicy(uniform: () => number): Policy {
  const policy = newPolicy(SHAPE, uniform);
  const step = adam(policy, TUNING.rate);
  const ones = Array(TUNING.answers).fill(1);
  for (let i = 0; i < TUNING.steps; i++) step(gradient(policy, ones.map(() => demonstration(uniform)), ones));
  return policy;
}

/** @param rewards  Of one group. */
export function groupAdvantages(rewards: number[], divide: boolean) {
  const { mean, variance } = moments(rewards);
  return rewards.map((reward) => (reward - mean) / (divide ? Math.sqrt(variance) + 1e-6 : 1));
}

/** Answers to new questions, each compared with its group. */
export function sampleGroups(policy: Policy, reference: Policy, { reward, klWeight, divide }: Settings, uniform: () => number): Group[] {
  return Array.from({ length: GROUPS }, () => {
    const question = randomQuestion(uniform);
    const answers = Array.from({ length: SAMPLES }, () => sampleAnswer(policy, question, uniform));
    const rewards = answers.map(REWARDS[reward].of);
    const costs = answers.map((answer) => (klWeight ? klWeight * (logProbability(policy, answer) - logProbability(reference, answer)) : 0));
    const paid = rewards.map((reward, i) => reward - costs[i]);
    return { question, answers, rewards, costs, advantages: groupAdvantages(paid, divide) };
  });
}

export function measure(policy: Policy, reference: Policy, groups: Group[]): Measures {
  const answers = groups.flatMap((group) => group.answers);
  const mean = (values: number[]) => sum(values) / values.length;
  const entropies = answers.flatMap((answer) => distributions(policy, answer).map(entropy));
  return {
    reward: mean(groups.flatMap((group) => group.rewards)),
    right: mean(answers.map((answer) => Number(isRight(answer)))),
    length: mean(answers.map(({ tokens }) => tokens.length)),
    entropy: mean(entropies),
    kl: mean(answers.map((answer) => klAlong(policy, reference, answer))),
    equal: mean(groups.map(({ rewards }) => Number(rewards.every((reward) => reward === rewards[0])))),
  };
}

function entropy(probabilities: number[]) {
  return -sum(probabilities.map((probability) => (probability ? probability * Math.log(probability) : 0)));
}

/** The exact KL divergence of each next-token distribution on the way, added up along the answer. */
export function klAlong(policy: Policy, reference: Policy, answer: Answer) {
  const theirs = distributions(reference, answer);
  return sum(distributions(policy, answer).map((ours, place) => klDivergence(ours, theirs[place])));
}

/**
 * A run: each call samples, measures, and takes one step of the policy gradient.
 * @param reference  Stays as it is.
 */
export function newRun(reference: Policy, rate: number, uniform: () => number) {
  const policy = copyOf(reference);
  const update = adam(policy, rate);
  return (settings: Settings) => {
    const groups = sampleGroups(policy, reference, settings, uniform);
    const measures = measure(policy, reference, groups);
    update(gradient(policy, groups.flatMap(({ answers }) => answers), groups.flatMap(({ advantages }) => advantages)));
    return { groups, measures };
  };
}
