import { DomainError } from '@countersign/core/domain-error';
import type { Endpoint } from '../../dialect.ts';
import { jsonAnswer } from '../../json-answer.ts';
import { createDescriptorReader, KeyDescriptorSchema } from '../key-descriptor.ts';
import { renderSobject, SobjectSchema } from '../sobject.ts';

/** Looks a key up by its descriptor. */
export const keyInfo: Endpoint = {
  method: 'POST',
  path: '/crypto/v1/keys/info',
  authentication: 'api-key-or-session',
  permissions: [],
  request: KeyDescriptorSchema,
  responses: { 200: SobjectSchema },
  async handle({ services, caller, body, query }) {
    if (query['view'] === 'value' || query['show_value'] === 'true')
      throw new DomainError('not_supported', 'showing the value of a key is not supported yet');
    const read = createDescriptorReader(services, caller)(body);
    if (read.kind === 'refused') throw new DomainError(read.code, read.reason);
    if (read.kind === 'inline') throw new DomainError('not_supported', 'info on an inline key is not supported yet');
    const { reference } = read;
    const key = reference.by === 'record' ? reference.record : await services.keys.find(caller, reference);
    return jsonAnswer(200, renderSobject(key, caller, undefined));
  },
};
