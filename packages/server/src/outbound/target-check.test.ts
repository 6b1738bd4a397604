import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from './address-reach.ts';
import { canonicalHost } from './canonical-host.ts';
import type { OutboundAllowEntry } from './outbound-allow-list.ts';
import { createTargetCheck, type ResolveName } from './target-check.ts';

const v4 = (address: string): IpAddress => ({ address, family: 4 });
const v6 = (address: string): IpAddress => ({ address, family: 6 });
const network = (address: string, family: 4 | 6, prefixBits: number, port?: number): OutboundAllowEntry => ({
  kind: 'network',
  address,
  family,
  prefixBits,
  ...(port === undefined ? {} : { port }),
});
const named = (name: string, port?: number): OutboundAllowEntry => ({
  kind: 'name',
  name,
  ...(port === undefined ? {} : { port }),
});

const neverAsked: ResolveName = (name) => Promise.reject(new Error(`asked for ${name}`));
const notAllowed = { name: 'OutboundFailure', code: 'not-allowed' };

/** What isn't public, in the spellings in which people try to hide it. */
const REFUSED: readonly string[] = [
  '127.0.0.1',
  '127.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '0x7f.0x0.0x0.0x1',
  '127.0.0.1.',
  '0.0.0.0',
  '0',
  '0x0',
  '10.0.0.1',
  '10.255.255.255',
  '012.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '169.254.169.254',
  '0xa9fea9fe',
  '2852039166',
  '0251.0376.0251.0376',
  '168.63.129.16',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '3232235521',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  '[::1]',
  '0000:0000::0001',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:ffff:8.8.8.8',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::10.0.0.1',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:20::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd12:3456::1',
  'fd00:ec2::254',
  'fe80::1',
  'febf::1',
  'fec0::1',
  'ff02::1',
  '4000::1',
  '1::1',
];
const PUBLIC: readonly string[] = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '223.255.255.255',
  '134744072',
  '2606:4700::1111',
  '2a00::1',
  '[2001:4860:4860::8888]',
];
const NO_HOST: readonly string[] = [
  '',
  '.',
  '..',
  'a..b',
  'a.b..',
  '*',
  'a b',
  'a/b',
  'a\\b',
  'a@b',
  'a:80',
  'user:x@127.0.0.1',
  'a%2eb',
  'a\nb',
  'fe80::1%eth0',
  '[fe80::1%25eth0]',
  '::1::',
  '[::1',
  '::1]',
  '1.2.3.4.5',
  '256.1.1.1',
  '1.2.3.0x100',
  'foo.0x7f',
  '\u2460\u2461\u2466.0.0.1',
  'exämple.org',
  'x'.repeat(255),
];

describe('canonicalHost', () => {
  it.each([
    ['Example.ORG', 'example.org'],
    ['example.org.', 'example.org'],
    ['[2A00::0:1]', '2a00::1'],
    ['2a00:0:0::1', '2a00::1'],
    ['0x7f.1', '127.0.0.1'],
    ['017700000001', '127.0.0.1'],
    ['my_host-1', 'my_host-1'],
  ])('writes %s as %s', (text, host) => {
    expect(canonicalHost(text)).toBe(host);
    expect(canonicalHost(host)).toBe(host);
  });

  it.each(NO_HOST)('takes %j for no host', (text) => expect(canonicalHost(text)).toBeUndefined());
});

describe('checkTarget', () => {
  it.each(REFUSED)('refuses %s', async (host) => {
    const { checkTarget, refusesLiteral } = createTargetCheck({ allow: [], resolve: neverAsked });
    await expect(checkTarget(host, 443)).rejects.toMatchObject(notAllowed);
    expect(refusesLiteral(host, 443)).toBe(true);
  });

  it.each(PUBLIC)('lets %s pass, as a place that is not listed', async (host) => {
    const { checkTarget, refusesLiteral } = createTargetCheck({ allow: [], resolve: neverAsked });
    const target = await checkTarget(host, 443);
    expect(target).toMatchObject({ host: canonicalHost(host), port: 443, listed: false });
    expect(target.addresses).toHaveLength(1);
    expect(refusesLiteral(host, 443)).toBe(false);
  });

  it.each(NO_HOST)('does not resolve %j', async (host) => {
    const { checkTarget } = createTargetCheck({ allow: [network('0.0.0.0', 4, 0)], resolve: neverAsked });
    await expect(checkTarget(host, 443)).rejects.toMatchObject({ code: 'bad-target' });
  });

  it.each([0, -1, 65_536, 1.5, Number.NaN])('refuses port %d', async (port) => {
    const { checkTarget } = createTargetCheck({ allow: [], resolve: neverAsked });
    await expect(checkTarget('1.1.1.1', port)).rejects.toMatchObject({ code: 'bad-target' });
  });

  it('refuses names for what they resolve to, whatever they are called', async () => {
    for (const host of REFUSED) {
      const address = canonicalHost(host) ?? '';
      const family = address.includes(':') ? 6 : 4;
      const { checkTarget } = createTargetCheck({ allow: [], resolve: async () => [{ address, family }] });
      await expect(checkTarget('www.example.org', 443)).rejects.toMatchObject(notAllowed);
    }
  });

  it('takes an answer of the resolver that is no address for one that is not allowed', async () => {
    for (const address of ['', 'example.org', '1.1.1.1%eth0', '0x08.8.8.8', 'fe80::1%2'])
      for (const family of [4, 6] as const) {
        const { checkTarget } = createTargetCheck({ allow: [], resolve: async () => [{ address, family }] });
        await expect(checkTarget('www.example.org', 443)).rejects.toMatchObject(notAllowed);
      }
  });

  it('keeps only the allowed ones of several addresses', async () => {
    const resolve: ResolveName = async () => [v4('127.0.0.1'), v4('1.1.1.1'), v6('::1'), v6('2a00::1')];
    const { checkTarget } = createTargetCheck({ allow: [], resolve });
    expect((await checkTarget('mixed.example', 443)).addresses).toEqual([v4('1.1.1.1'), v6('2a00::1')]);
  });

  it('pins the addresses: a name that resolves to something else afterwards changes nothing', async () => {
    const answers = [[v4('1.1.1.1')], [v4('127.0.0.1')]];
    let asked = 0;
    const resolve: ResolveName = async () => answers[asked++] ?? [];
    const { checkTarget } = createTargetCheck({ allow: [], resolve });
    const target = await checkTarget('rebind.example', 443);
    for (const all of [true, false])
      target.lookup('rebind.example', { all }, (error, found) => {
        expect(error).toBeNull();
        expect(found).toEqual(all ? [v4('1.1.1.1')] : '1.1.1.1');
      });
    expect(asked).toBe(1);
    // Asked again it is judged again.
    await expect(checkTarget('rebind.example', 443)).rejects.toMatchObject(notAllowed);
  });

  it('hands the lookup only addresses of the family that is asked for', async () => {
    const { checkTarget } = createTargetCheck({ allow: [], resolve: async () => [v4('1.1.1.1')] });
    const { lookup } = await checkTarget('four.example', 443);
    lookup('four.example', { family: 6 }, (error) => expect(error).not.toBeNull());
    lookup('four.example', { family: 4 }, (error, address) => expect([error, address]).toEqual([null, '1.1.1.1']));
  });

  it('resolves a name once for calls at the same time', async () => {
    let asked = 0;
    const resolve: ResolveName = async () => {
      asked += 1;
      await new Promise(setImmediate);
      return [v4('1.1.1.1')];
    };
    const { checkTarget } = createTargetCheck({ allow: [], resolve });
    await Promise.all(Array.from({ length: 50 }, () => checkTarget('Busy.example.', 443)));
    expect(asked).toBe(1);
  });

  it('says when a name does not exist, and when the resolver is too slow', async () => {
    const gone = createTargetCheck({ allow: [], resolve: () => Promise.reject(new Error('ENOTFOUND')) });
    await expect(gone.checkTarget('gone.example', 443)).rejects.toMatchObject({ code: 'unreachable' });
    const empty = createTargetCheck({ allow: [], resolve: async () => [] });
    await expect(empty.checkTarget('empty.example', 443)).rejects.toMatchObject({ code: 'unreachable' });
    const slow = createTargetCheck({ allow: [], resolve: () => new Promise(() => {}) });
    const check = slow.checkTarget('slow.example', 443, AbortSignal.timeout(20));
    await expect(check).rejects.toMatchObject({ code: 'timeout' });
  });

  describe('with a list', () => {
    it('opens a listed network, on its port', async () => {
      const allow = [network('127.0.0.0', 4, 8), network('10.1.0.0', 4, 16, 8443), network('fe80::', 6, 10)];
      const { checkTarget } = createTargetCheck({ allow, resolve: neverAsked });
      expect(await checkTarget('0x7f.1', 9000)).toMatchObject({ host: '127.0.0.1', listed: true });
      expect(await checkTarget('10.1.2.3', 8443)).toMatchObject({ listed: true });
      expect(await checkTarget('fe80::1', 1)).toMatchObject({ listed: true });
      for (const [host, port] of [
        ['10.1.2.3', 8444],
        ['10.2.0.1', 8443],
        ['128.0.0.0.', 0],
        ['::1', 9000],
        ['::ffff:127.0.0.1', 9000],
      ] as const)
        await expect(checkTarget(host, port)).rejects.toMatchObject({ name: 'OutboundFailure' });
    });

    it('opens a listed name, on its port, for private and loopback addresses', async () => {
      const allow = [named('rules.internal', 8443), named('localhost')];
      const resolve: ResolveName = async (name) => [v4(name === 'localhost' ? '127.0.0.1' : '10.0.0.5')];
      const { checkTarget } = createTargetCheck({ allow, resolve });
      expect(await checkTarget('RULES.internal.', 8443)).toMatchObject({ listed: true, addresses: [v4('10.0.0.5')] });
      expect(await checkTarget('localhost', 1)).toMatchObject({ listed: true });
      await expect(checkTarget('rules.internal', 443)).rejects.toMatchObject(notAllowed);
      await expect(checkTarget('sub.rules.internal', 8443)).rejects.toMatchObject(notAllowed);
      await expect(checkTarget('10.0.0.5', 8443)).rejects.toMatchObject(notAllowed);
    });

    it('does not let a listed name lead to link-local addresses, metadata services or no host at all', async () => {
      for (const address of ['169.254.169.254', '100.100.100.200', '0.0.0.0', '255.255.255.255', '198.18.0.1']) {
        const resolve: ResolveName = async () => [v4(address)];
        const { checkTarget } = createTargetCheck({ allow: [named('rules.internal')], resolve });
        await expect(checkTarget('rules.internal', 443)).rejects.toMatchObject(notAllowed);
      }
    });

    it('never opens what is no host or an IPv4 address in disguise, whatever is listed', async () => {
      const allow = [network('0.0.0.0', 4, 0), network('::', 6, 0)];
      const { checkTarget } = createTargetCheck({ allow, resolve: neverAsked });
      for (const host of ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1', '::ffff:127.0.0.1'])
        await expect(checkTarget(host, 443)).rejects.toMatchObject(notAllowed);
      expect(await checkTarget('169.254.169.254', 80)).toMatchObject({ listed: true });
    });

    it('calls a target listed only where all its addresses are', async () => {
      const resolve: ResolveName = async () => [v4('10.0.0.1'), v4('1.1.1.1')];
      const { checkTarget } = createTargetCheck({ allow: [network('10.0.0.0', 4, 8)], resolve });
      expect(await checkTarget('mixed.example', 80)).toMatchObject({ listed: false });
    });

    it('never makes less reachable by a further entry', async () => {
      const entry = fc.oneof(
        fc.record({ kind: fc.constant('name' as const), name: fc.constantFrom('a.example', 'b.example') }),
        fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, bits]) => network(address, 4, bits)),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(entry, { maxLength: 4 }), entry, fc.ipV4(), async (entries, extra, address) => {
          const resolve: ResolveName = async () => [v4(address)];
          const reaches = (allow: readonly OutboundAllowEntry[]): Promise<boolean> =>
            createTargetCheck({ allow, resolve })
              .checkTarget('a.example', 443)
              .then(
                () => true,
                () => false,
              );
          if (await reaches(entries)) expect(await reaches([...entries, extra])).toBe(true);
        }),
        { numRuns: 200 },
      );
    });
  });
});
