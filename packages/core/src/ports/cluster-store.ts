import type { AccountId, PrincipalId } from '../ids.ts';

/** A set of servers that an administrator pinned by their persistent keygen ids. */
export interface Cluster {
  readonly accountId: AccountId;
  /** 1 to 255 characters, unique in the account. */
  readonly name: string;
  /** Without this server's own. */
  readonly othersKeygenIds: readonly string[];
}

export interface ClusterStore {
  find(accountId: AccountId, name: string): Promise<Cluster | undefined>;
  /** Replaces one of the same name. Durable when resolved, and an event in the log. */
  put(cluster: Cluster, by: PrincipalId): Promise<void>;
}
