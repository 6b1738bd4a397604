import { describe, expect, it } from 'vitest';
import { CHECKSUMMED, decode, digestOf, SELF, viewOf } from '../../test/evm-fixtures.ts';
import type { JsonValue } from '../chain.ts';

const TOKEN = `0x${'aa'.repeat(20)}`;
const OTHER_TOKEN = `0x${'bb'.repeat(20)}`;
const BOB = `0x${'b0'.repeat(20)}`;
const MAX = (2n ** 256n - 1n).toString();
const PERMIT2 = '0x000000000022D473030F116dDEE9F6B43aC78BA3';

const uint256 = (...names: string[]) => names.map((name) => ({ name, type: 'uint256' }));
const address = (...names: string[]) => names.map((name) => ({ name, type: 'address' }));

/** EIP-2612, section "Specification". */
const ERC20_PERMIT = {
  types: { Permit: [...address('owner', 'spender'), ...uint256('value', 'nonce', 'deadline')] },
  domain: { name: 'Token', version: '1', chainId: 1, verifyingContract: TOKEN },
  message: { owner: CHECKSUMMED, spender: BOB, value: '1000', nonce: 0, deadline: 1_800_000_000 },
};
const DAI_PERMIT = {
  types: {
    Permit: [...address('holder', 'spender'), ...uint256('nonce', 'expiry'), { name: 'allowed', type: 'bool' }],
  },
  domain: ERC20_PERMIT.domain,
  message: { holder: CHECKSUMMED, spender: BOB, nonce: 0, expiry: 1_800_000_000, allowed: true },
};
const PERMIT_DETAILS = [
  ...address('token'),
  { name: 'amount', type: 'uint160' },
  { name: 'expiration', type: 'uint48' },
  { name: 'nonce', type: 'uint48' },
];
const PERMIT2_DOMAIN = { name: 'Permit2', chainId: 1, verifyingContract: PERMIT2 };
const DETAIL = { token: TOKEN, amount: '5', expiration: 1_900_000_000, nonce: 0 };
const PERMIT_SINGLE = {
  types: {
    PermitSingle: [{ name: 'details', type: 'PermitDetails' }, ...address('spender'), ...uint256('sigDeadline')],
    PermitDetails: PERMIT_DETAILS,
  },
  domain: PERMIT2_DOMAIN,
  message: { details: DETAIL, spender: BOB, sigDeadline: 1_800_000_000 },
};
const PERMIT_BATCH = {
  types: {
    PermitBatch: [{ name: 'details', type: 'PermitDetails[]' }, ...address('spender'), ...uint256('sigDeadline')],
    PermitDetails: PERMIT_DETAILS,
  },
  domain: PERMIT2_DOMAIN,
  message: {
    details: [DETAIL, { ...DETAIL, token: OTHER_TOKEN, amount: (2n ** 160n - 1n).toString() }],
    spender: BOB,
    sigDeadline: 1_800_000_000,
  },
};
const TOKEN_PERMISSIONS = [...address('token'), ...uint256('amount')];
const PERMIT_TRANSFER = {
  types: {
    PermitTransferFrom: [
      { name: 'permitted', type: 'TokenPermissions' },
      ...address('spender'),
      ...uint256('nonce', 'deadline'),
    ],
    TokenPermissions: TOKEN_PERMISSIONS,
  },
  domain: PERMIT2_DOMAIN,
  message: { permitted: { token: TOKEN, amount: '5' }, spender: BOB, nonce: 1, deadline: 1_800_000_000 },
};
const PERMIT_BATCH_TRANSFER = {
  types: {
    PermitBatchTransferFrom: [
      { name: 'permitted', type: 'TokenPermissions[]' },
      ...address('spender'),
      ...uint256('nonce', 'deadline'),
    ],
    TokenPermissions: TOKEN_PERMISSIONS,
  },
  domain: PERMIT2_DOMAIN,
  message: {
    permitted: [
      { token: TOKEN, amount: '5' },
      { token: OTHER_TOKEN, amount: '6' },
    ],
    spender: BOB,
    nonce: 1,
    deadline: 1_800_000_000,
  },
};

const viewFor = (content: JsonValue) => viewOf(decode('typed-data', content));
const allowance = (contract: string, amount: string) => ({
  effect: 'allowance',
  asset: { kind: 'token', contract },
  to: BOB,
  amount,
});

describe('allowances in typed data', () => {
  it('reads a permit of EIP-2612', () => {
    expect(viewFor(ERC20_PERMIT)).toMatchObject({
      network: '1',
      transfers: [allowance(TOKEN, '1000')],
      expiresAtMs: 1_800_000_000_000,
      complete: true,
      warnings: [],
    });
  });

  it('warns of an unlimited one, and leaves out a moment that never comes', () => {
    const view = viewFor({ ...ERC20_PERMIT, message: { ...ERC20_PERMIT.message, value: MAX, deadline: MAX } });
    expect(view.transfers).toEqual([allowance(TOKEN, MAX)]);
    expect(view.expiresAtMs).toBeUndefined();
    expect(view.warnings).toEqual([`Lets ${BOB} take an unlimited amount of the token ${TOKEN}.`]);
  });

  it('is not complete for another owner, whom it names', () => {
    const view = viewFor({ ...ERC20_PERMIT, message: { ...ERC20_PERMIT.message, owner: OTHER_TOKEN } });
    expect(view.transfers).toEqual([{ ...allowance(TOKEN, '1000'), from: OTHER_TOKEN }]);
    expect(view.complete).toBe(false);
    expect(view.warnings).toEqual([`Names ${OTHER_TOKEN} as the owner, which is not the address of this key.`]);
  });

  it('is not complete without a chain, and nothing without a contract', () => {
    const { chainId: _left, ...domain } = ERC20_PERMIT.domain;
    expect(viewFor({ ...ERC20_PERMIT, domain })).toMatchObject({
      complete: false,
      transfers: [allowance(TOKEN, '1000')],
    });
    expect(viewFor({ ...ERC20_PERMIT, domain: { name: 'Token', chainId: 1 } })).toMatchObject({
      complete: false,
      transfers: [],
    });
  });

  it("reads DAI's permit: everything or nothing", () => {
    expect(viewFor(DAI_PERMIT)).toMatchObject({
      transfers: [allowance(TOKEN, MAX)],
      expiresAtMs: 1_800_000_000_000,
      complete: true,
    });
    const ended = viewFor({ ...DAI_PERMIT, message: { ...DAI_PERMIT.message, allowed: false, expiry: 0 } });
    expect(ended).toMatchObject({ transfers: [allowance(TOKEN, '0')], expiresAtMs: undefined, warnings: [] });
  });

  it('reads the four forms of Permit2', () => {
    const lasts = `The allowance of the token ${TOKEN} lasts until 2030-03-17T17:46:40.000Z.`;
    expect(viewFor(PERMIT_SINGLE)).toMatchObject({
      transfers: [allowance(TOKEN, '5')],
      expiresAtMs: 1_800_000_000_000,
      complete: true,
      warnings: [lasts],
    });
    expect(viewFor(PERMIT_BATCH)).toMatchObject({
      transfers: [allowance(TOKEN, '5'), allowance(OTHER_TOKEN, (2n ** 160n - 1n).toString())],
      complete: true,
      warnings: [
        lasts,
        `Lets ${BOB} take an unlimited amount of the token ${OTHER_TOKEN}.`,
        lasts.replace(TOKEN, OTHER_TOKEN),
      ],
    });
    expect(viewFor(PERMIT_TRANSFER)).toMatchObject({
      transfers: [allowance(TOKEN, '5')],
      expiresAtMs: 1_800_000_000_000,
      complete: true,
      warnings: [],
    });
    expect(viewFor(PERMIT_BATCH_TRANSFER)).toMatchObject({
      transfers: [allowance(TOKEN, '5'), allowance(OTHER_TOKEN, '6')],
      complete: true,
    });
  });

  it('is not complete where the contract is not the known Permit2', () => {
    const view = viewFor({ ...PERMIT_SINGLE, domain: { ...PERMIT2_DOMAIN, verifyingContract: TOKEN } });
    expect(view.complete).toBe(false);
    expect(view.warnings).toContain(`The contract ${TOKEN} is not the known Permit2 contract.`);
  });

  it('does not take a type for a permit that differs from it in a name, a type or the order', () => {
    const members = ERC20_PERMIT.types.Permit;
    const changes = [
      members.map((member) => (member.name === 'value' ? { name: 'value', type: 'uint128' } : member)),
      [...members.slice(2), ...members.slice(0, 2)],
      [...members, { name: 'extra', type: 'bool' }],
    ];
    for (const Permit of changes) {
      const message = { ...ERC20_PERMIT.message, ...(Permit.length > 5 ? { extra: true } : {}) };
      expect(viewFor({ ...ERC20_PERMIT, types: { Permit }, message })).toMatchObject({
        transfers: [],
        complete: false,
      });
    }
  });

  it('has another digest for every change of what is shown', () => {
    const digests = [
      ERC20_PERMIT,
      { ...ERC20_PERMIT, message: { ...ERC20_PERMIT.message, value: '1001' } },
      { ...ERC20_PERMIT, message: { ...ERC20_PERMIT.message, spender: SELF } },
      { ...ERC20_PERMIT, message: { ...ERC20_PERMIT.message, deadline: 1 } },
      { ...ERC20_PERMIT, domain: { ...ERC20_PERMIT.domain, verifyingContract: OTHER_TOKEN } },
    ].map((content) => digestOf(decode('typed-data', content)));
    expect(new Set(digests).size).toBe(digests.length);
  });
});
