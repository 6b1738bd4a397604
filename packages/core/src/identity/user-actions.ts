/** Commands for proving single actions: challenge, answer, use. */
import type { ApprovalId } from '../ids.ts';
import type { Caller } from '../principal.ts';
import type { ActionChallenge, ActionSubject, CredentialAssertion } from './user-action.ts';

export interface UserActions {
  /**
   * Five minutes, one use, this caller's credentials only. `decisionOn`: the approval that the path is a decision on,
   * whose digest the challenge then contains.
   * @throws DomainError `forbidden` with subject `credential` for a caller without an active credential; `rate_limited`
   */
  begin(caller: Caller, subject: ActionSubject, decisionOn: ApprovalId | undefined): Promise<ActionChallenge>;
  /**
   * A token for one use with this method, path and body, in five minutes. The challenge is spent, whatever the answer.
   * @throws DomainError `invalid_request` with subject `challenge` for one that is unknown, expired or used; `forbidden`
   * with subject `credential` for an answer that doesn't hold
   */
  complete(caller: Caller, identifier: string, assertion: CredentialAssertion): Promise<string>;
  /**
   * The same caller, with its proof. Spends the token, also where it is for something else; preimage and assertion are in
   * the log when the promise resolves.
   * @throws DomainError `invalid_request` with subject `user-action-used`, `forbidden` with subject `user-action`
   */
  prove(caller: Caller, token: string, subject: ActionSubject): Promise<Caller>;
}
