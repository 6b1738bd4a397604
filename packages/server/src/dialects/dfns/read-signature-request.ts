import { DomainError } from '@countersign/core/domain-error';
import type { KeyRecord } from '@countersign/core/key-record';
import type { NewSignatureRequest } from '@countersign/core/requests/requests';
import type { Wallet } from '@countersign/core/wallets/wallet';
import { type Static, Type } from 'typebox';
import type { RawRequest } from '../dialect.ts';
import { ExternalIdSchema } from '../wire-values.ts';
import { findNetwork, readBlockchainKind, readNetwork } from './networks.ts';
import { createBodyReader } from './read-body.ts';
import { type ChainContext, readContent } from './signature-kinds.ts';

/** What every kind has; its own members are read by `signature-kinds.ts`. */
export const SignatureRequestSchema = Type.Object({
  kind: Type.String({ maxLength: 64 }),
  network: Type.Optional(Type.String({ maxLength: 64 })),
  blockchainKind: Type.Optional(Type.String({ maxLength: 64 })),
  externalId: Type.Optional(ExternalIdSchema),
});
const readRequest = createBodyReader(SignatureRequestSchema);

/** @throws DomainError */
export function readSignatureRequest(
  body: unknown,
  raw: RawRequest,
  key: KeyRecord,
  wallet: Wallet | undefined,
): NewSignatureRequest {
  const request = readRequest(body);
  const context = chainContext(request, wallet);
  return {
    key: { by: 'id', id: key.id },
    walletId: wallet?.id,
    content: readContent(request.kind, { body: body as Readonly<Record<string, unknown>>, key, context }),
    body: Buffer.from(raw.body).toString('utf8'),
    externalId: request.externalId,
  };
}

/** All that is said about the chain must agree; a wallet's chain can't be talked out of it. */
function chainContext(request: Static<typeof SignatureRequestSchema>, wallet: Wallet | undefined): ChainContext {
  const named = request.network === undefined ? undefined : readNetwork(request.network);
  const kind = request.blockchainKind === undefined ? undefined : readBlockchainKind(request.blockchainKind);
  const ofWallet = wallet === undefined ? undefined : findNetwork(wallet.network);
  if (named !== undefined && ofWallet !== undefined && named !== ofWallet)
    throw new DomainError('invalid_request', `network must be the wallet's, ${ofWallet.name}`);
  const network = ofWallet ?? named;
  if (kind !== undefined && network !== undefined && network.chain !== kind)
    throw new DomainError('invalid_request', 'network and blockchainKind contradict each other');
  return { chain: network?.chain ?? kind, network: network?.chainNetwork };
}
