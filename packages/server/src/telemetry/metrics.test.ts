import { describe, expect, it } from 'vitest';
import { createMetrics, type Metrics } from './metrics.ts';

async function sampleOf(metrics: Metrics, line: string): Promise<number> {
  const found = (await metrics.render()).split('\n').find((candidate) => candidate.startsWith(`${line} `));
  if (found === undefined) throw new Error(`no line ${line}`);
  return Number(found.slice(line.length + 1));
}

describe('metrics', () => {
  it('count signatures per dialect, algorithm and outcome, a batch at a time', async () => {
    const metrics = createMetrics();
    metrics.signed('dsm', 'ecdsa-p256', 'signed', 998);
    metrics.signed('dsm', 'ecdsa-p256', 'signed', 2);
    metrics.signed('dsm', 'ecdsa-p256', 'failed', 3);
    const name = 'countersign_signatures_total{dialect="dsm",algorithm="ecdsa-p256"';
    expect(await sampleOf(metrics, `${name},outcome="signed"}`)).toBe(1000);
    expect(await sampleOf(metrics, `${name},outcome="failed"}`)).toBe(3);
  });

  it('measure requests, batches, commits, queues and processes', async () => {
    const metrics = createMetrics();
    metrics.request('dsm', '/crypto/v1/sign', 200, 0.003);
    metrics.batch('dsm', 'sign', 250);
    metrics.commit(0.0004, 12);
    metrics.queueDepth('signer', 4);
    metrics.processes('signer', 2);
    metrics.verified('dsm', 'rsa', 'valid', 5);
    const route = 'dialect="dsm",route="/crypto/v1/sign",status="200"';
    expect(await sampleOf(metrics, `countersign_request_seconds_count{${route}}`)).toBe(1);
    expect(await sampleOf(metrics, `countersign_request_seconds_bucket{le="0.002",${route}}`)).toBe(0);
    expect(await sampleOf(metrics, `countersign_request_seconds_bucket{le="0.005",${route}}`)).toBe(1);
    expect(await sampleOf(metrics, 'countersign_batch_items_sum{dialect="dsm",operation="sign"}')).toBe(250);
    expect(await sampleOf(metrics, 'countersign_commit_seconds_count')).toBe(1);
    expect(await sampleOf(metrics, 'countersign_committed_requests_total')).toBe(12);
    expect(await sampleOf(metrics, 'countersign_queue_items{role="signer"}')).toBe(4);
    expect(await sampleOf(metrics, 'countersign_sealed_processes{role="signer"}')).toBe(2);
    expect(await sampleOf(metrics, 'countersign_process_memory_bytes{kind="rss"}')).toBeGreaterThan(1e6);
    expect(metrics.contentType).toContain('text/plain');
  });

  it('keep the number of series finite under hostile labels', async () => {
    const metrics = createMetrics();
    for (let index = 0; index < 10_000; index++) {
      metrics.request(`dialect-${index}`, '/x', index, 0.001);
      metrics.signed('dsm', `algorithm-${index}`, 'signed', 1);
      metrics.queueDepth(`role-${index}`, 1);
    }
    const text = await metrics.render();
    const series = (name: string): number => text.split('\n').filter((line) => line.startsWith(`${name}{`)).length;
    expect(series('countersign_signatures_total')).toBe(65);
    expect(series('countersign_queue_items')).toBe(17);
    expect(series('countersign_request_seconds_count')).toBeLessThan(1000);
  });

  it('never throw, whatever the number', async () => {
    const metrics = createMetrics();
    for (const bad of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      metrics.signed('dsm', 'rsa', 'signed', bad);
      metrics.request('dsm', '/x', bad, bad);
      metrics.commit(bad, bad);
    }
    expect(await sampleOf(metrics, 'countersign_commit_seconds_count')).toBe(3);
  });
});
