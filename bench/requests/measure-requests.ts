/** Signature requests with their user actions, policies, stored requests, and what the chains' decoders take. */
import type { OtherOpenssl } from '../../scripts/demo/other-openssl.ts';
import { measureChains } from './measure-chains.ts';
import { measureLists } from './measure-lists.ts';
import { measurePolicies } from './measure-policies.ts';
import { measureThreeCalls } from './measure-three-calls.ts';
import { renderChains, renderLists, renderPolicies, renderThreeCalls } from './render-requests.ts';
import type { RequestsPlan } from './requests-plan.ts';
import type { RequestResults } from './requests-results.ts';

export async function measureRequests(
  openssl: OtherOpenssl,
  plan: RequestsPlan,
  cores: number,
): Promise<RequestResults> {
  const chains = await measureChains(plan.seconds / 2);
  console.log(`\n${renderChains({ chains })}`);
  const threeCalls = await measureThreeCalls(openssl, plan, cores);
  console.log(`\n${renderThreeCalls({ threeCalls })}`);
  const policies = await measurePolicies(openssl, plan);
  console.log(`\n${renderPolicies({ policies })}`);
  const { rows: lists, fillSeconds } = await measureLists(plan);
  console.log(`\n${renderLists({ lists, fillSeconds })}`);
  return { chains, threeCalls, policies, lists, fillSeconds };
}
