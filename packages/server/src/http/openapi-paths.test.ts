import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DsmService, startDsmService } from '../../test/dsm-service.ts';
import { native } from '../dialects/native/native-dialect.ts';
import { openApiDocument } from '../dialects/openapi-document.ts';

describe('OpenAPI documents', () => {
  let service: DsmService;
  beforeAll(async () => {
    service = await startDsmService();
  });
  afterAll(() => service.close());

  it('are listed, and given to anybody', async () => {
    const list = await service.server.inject({ method: 'GET', url: '/openapi.json' });
    expect([list.statusCode, list.headers['content-type']]).toEqual([200, expect.stringContaining('application/json')]);
    const { documents } = JSON.parse(list.body);
    expect(documents).toEqual([{ dialect: 'native', title: 'Countersign', url: '/openapi/native.json' }]);
    const answer = await service.server.inject({ method: 'GET', url: documents[0].url });
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toEqual(openApiDocument(native));
  });

  it('are there for dialects that have one, and for no others', async () => {
    expect((await service.server.inject({ method: 'GET', url: '/openapi/dsm.json' })).statusCode).toBe(404);
  });
});
