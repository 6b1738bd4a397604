/** Types of every call of our own API. Written by scripts/generate-client.ts from its OpenAPI document: change that. */
export interface paths {
    readonly "/api/v1/approvals": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Approvals, newest first. */
        readonly get: operations["listApprovals"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/approvals/{approvalId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** An approval with what it is about. */
        readonly get: operations["getApproval"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/approvals/{approvalId}/decisions": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Approves or denies. */
        readonly post: operations["decideApproval"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/changes/{changeId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** A change that waits for approval, or waited. */
        readonly get: operations["getChange"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/keys": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Keys that the caller sees, in order of id. */
        readonly get: operations["listKeys"];
        readonly put?: never;
        /** Makes a key. */
        readonly post: operations["createKey"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/keys/{keyId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** A key. */
        readonly get: operations["getKey"];
        readonly put?: never;
        readonly post?: never;
        /** Deletes a key for good. */
        readonly delete: operations["deleteKey"];
        readonly options?: never;
        readonly head?: never;
        /** Gives a key another name, or none. */
        readonly patch: operations["renameKey"];
        readonly trace?: never;
    };
    readonly "/api/v1/keys/{keyId}/children": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Makes a child of a master key. */
        readonly post: operations["deriveChildKey"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/keys/{keyId}/delegate": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Hands a key to a person, for good. */
        readonly post: operations["delegateKey"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/keys/{keyId}/export": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Exports an exportable key, encrypted to the recipient. */
        readonly post: operations["exportKey"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/keys/import": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Imports a private key that was encrypted to the signer. */
        readonly post: operations["importKey"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/keys/import-key": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The HPKE public key that imported keys are encrypted to. */
        readonly get: operations["getImportKey"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/policies": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Policies, newest first. */
        readonly get: operations["listPolicies"];
        readonly put?: never;
        /** Makes a policy; it holds at once. */
        readonly post: operations["createPolicy"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/policies/{policyId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** A policy. */
        readonly get: operations["getPolicy"];
        /** Replaces a policy; 202 where the change itself needs approval. */
        readonly put: operations["updatePolicy"];
        readonly post?: never;
        /** Ends a policy; 202 where the change itself needs approval. */
        readonly delete: operations["archivePolicy"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/requests": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Signature requests, newest first. */
        readonly get: operations["listRequests"];
        readonly put?: never;
        /** Stores signature requests and signs those that policy allows at once. */
        readonly post: operations["createRequests"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/requests/{requestId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** A signature request; with `wait`, once it is final. */
        readonly get: operations["getRequest"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/requests/{requestId}/cancel": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Withdraws a request that waits. */
        readonly post: operations["cancelRequest"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/requests/{requestId}/confirmation": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Reports the transaction of a signed request. */
        readonly post: operations["confirmRequest"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/service-accounts": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** A program with a key of its own and an access token. */
        readonly post: operations["createServiceAccount"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/signatures": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Signs digests and messages, in one batch. */
        readonly post: operations["sign"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/user-actions": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** A challenge for one exact call. */
        readonly post: operations["beginUserAction"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/user-actions/complete": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** The token for that call, from a signed challenge. */
        readonly post: operations["completeUserAction"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/api/v1/verifications": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Verifies signatures, in one batch. */
        readonly post: operations["verify"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        readonly Approval: {
            /** @enum {unknown} */
            readonly activity: "sign" | "incoming-transaction" | "assign-role" | "modify-role" | "modify-policy" | "modify-credential";
            readonly change?: components["schemas"]["Change"];
            /** Format: date-time */
            readonly createdAt: string;
            readonly decisions: readonly components["schemas"]["Decision"][];
            readonly digest: string;
            readonly evaluations: readonly components["schemas"]["Evaluation"][];
            /** Format: date-time */
            readonly expiresAt?: string;
            readonly groups: readonly components["schemas"]["RequiredGroup"][];
            readonly id: string;
            readonly initiatorId: string;
            readonly request?: components["schemas"]["SignatureRequest"];
            /** Format: date-time */
            readonly resolvedAt?: string;
            /** @enum {unknown} */
            readonly status: "pending" | "approved" | "denied" | "expired" | "cancelled";
        };
        readonly ApproverGroup: {
            readonly approvers: "anyone" | readonly string[];
            readonly initiatorCanApprove?: boolean;
            readonly name?: string;
            readonly quorum: number;
            readonly serviceAccountsCanApprove?: boolean;
            readonly signedOnly?: boolean;
        };
        readonly ChainPayload: {
            readonly chain: string;
            readonly content: unknown;
            readonly format: string;
            readonly network?: string;
        };
        readonly Change: {
            readonly approvalId: string;
            readonly body: unknown;
            /** Format: date-time */
            readonly createdAt: string;
            readonly entityId: string;
            readonly id: string;
            /** @enum {unknown} */
            readonly kind: "policy" | "role" | "assignment" | "credential";
            /** @enum {unknown} */
            readonly operation: "create" | "update" | "archive" | "delete" | "activate" | "deactivate";
            readonly reason?: string;
            readonly requesterId: string;
            /** Format: date-time */
            readonly resolvedAt?: string;
            /** @enum {unknown} */
            readonly status: "pending" | "applied" | "failed" | "rejected";
        };
        readonly Decision: {
            /** Format: date-time */
            readonly at: string;
            readonly credentialId?: string;
            /** @enum {unknown} */
            readonly evidence: "signed" | "session";
            readonly logIndex?: number;
            readonly reason?: string;
            readonly userId: string;
            /** @enum {unknown} */
            readonly value: "approved" | "denied";
        };
        readonly Error: {
            readonly error: {
                readonly code: string;
                readonly message: string;
                readonly objectId?: string;
                readonly subject?: string;
            };
        };
        readonly Evaluation: {
            readonly policyId: string;
            readonly reason: string;
            readonly triggered: boolean;
        };
        readonly ExportedKey: {
            readonly ciphertext: string;
            readonly enc: string;
            /** Format: date-time */
            readonly exportedAt: string;
            readonly keyId: string;
        };
        readonly ImportedKey: {
            readonly algorithm: string;
            readonly allowSignDigest?: boolean;
            readonly ciphertext: string;
            readonly custody?: string;
            readonly description?: string;
            readonly deterministicSignatures?: boolean;
            readonly enc: string;
            readonly exportable?: boolean;
            /** Format: uuid */
            readonly groupId?: string;
            readonly master?: boolean;
            readonly name?: string;
            readonly parameters?: {
                readonly [key: string]: string | number;
            };
            readonly verifyAfterSign?: boolean;
        };
        readonly ImportKey: {
            readonly aead: string;
            readonly kdf: string;
            readonly kem: string;
            readonly publicKey: string;
        };
        readonly ItemError: {
            readonly code: string;
            readonly message: string;
        };
        readonly Key: {
            readonly algorithm: string;
            /** Format: date-time */
            readonly createdAt: string;
            readonly createdBy: string;
            readonly custody: string;
            readonly delegatedTo?: string;
            readonly derivedFrom?: {
                readonly keyId: string;
                readonly path: string;
            };
            readonly description: string;
            readonly enabled: boolean;
            readonly exportable: boolean;
            /** Format: date-time */
            readonly exportedAt?: string;
            /** Format: uuid */
            readonly groupId: string;
            readonly id: string;
            readonly imported: boolean;
            /** Format: date-time */
            readonly lastUsedAt?: string;
            readonly master: boolean;
            readonly name?: string;
            readonly operations: readonly string[];
            readonly parameters: {
                readonly [key: string]: string | number;
            };
            readonly publicKey: string;
            readonly publicKeyPem?: string;
            readonly state: string;
            readonly version: number;
        };
        readonly NewKey: {
            readonly algorithm: string;
            readonly allowSignDigest?: boolean;
            readonly custody?: string;
            readonly description?: string;
            readonly deterministicSignatures?: boolean;
            readonly exportable?: boolean;
            /** Format: uuid */
            readonly groupId?: string;
            readonly master?: boolean;
            readonly name?: string;
            readonly parameters?: {
                readonly [key: string]: string | number;
            };
            readonly verifyAfterSign?: boolean;
        };
        readonly Policy: {
            readonly action: {
                /** @constant */
                readonly kind: "block";
            } | {
                /** @constant */
                readonly kind: "none";
            } | {
                readonly expiresAfterMinutes?: number;
                readonly groups: readonly components["schemas"]["ApproverGroup"][];
                /** @constant */
                readonly kind: "request-approval";
            };
            /** @enum {unknown} */
            readonly activity: "sign" | "incoming-transaction" | "assign-role" | "modify-role" | "modify-policy" | "modify-credential";
            /** Format: date-time */
            readonly createdAt: string;
            readonly filters: components["schemas"]["PolicyFilters"];
            readonly id: string;
            readonly name: string;
            readonly rule: {
                readonly configuration: unknown;
                readonly kind: string;
            };
            /** @enum {unknown} */
            readonly status: "active" | "archived";
            /** Format: date-time */
            readonly updatedAt: string;
            readonly version: number;
        };
        readonly PolicyDraft: {
            readonly action: {
                /** @constant */
                readonly kind: "block";
            } | {
                /** @constant */
                readonly kind: "none";
            } | {
                readonly expiresAfterMinutes?: number;
                readonly groups: readonly components["schemas"]["ApproverGroup"][];
                /** @constant */
                readonly kind: "request-approval";
            };
            /** @enum {unknown} */
            readonly activity: "sign" | "incoming-transaction" | "assign-role" | "modify-role" | "modify-policy" | "modify-credential";
            readonly filters?: components["schemas"]["PolicyFilters"];
            readonly name: string;
            readonly rule: {
                readonly configuration?: unknown;
                readonly kind: string;
            };
        };
        readonly PolicyFilters: {
            readonly keyIds?: readonly string[];
            readonly policyIds?: readonly string[];
            readonly roleIds?: readonly string[];
            readonly walletIds?: readonly string[];
            readonly walletTagsAll?: readonly string[];
            readonly walletTagsAny?: readonly string[];
        };
        readonly RequestItem: {
            readonly digest?: string;
            readonly externalId?: string;
            readonly hash?: string;
            readonly keyId?: string;
            readonly keyName?: string;
            readonly message?: string;
            readonly options?: components["schemas"]["SigningOptions"];
            readonly payload?: components["schemas"]["ChainPayload"];
            readonly walletId?: string;
        };
        readonly RequiredGroup: {
            readonly approvers: "anyone" | readonly string[];
            readonly initiatorCanApprove: boolean;
            readonly name?: string;
            readonly policyId: string;
            readonly quorum: number;
            readonly serviceAccountsCanApprove: boolean;
            readonly signedOnly: boolean;
        };
        readonly SignatureRequest: {
            readonly approvalId?: string;
            readonly confirmation?: {
                readonly fee?: string;
                readonly network?: string;
                readonly transactionHash: string;
            };
            /** Format: date-time */
            readonly confirmedAt?: string;
            readonly content: unknown;
            /** Format: date-time */
            readonly createdAt: string;
            readonly details?: unknown;
            readonly dialect: string;
            readonly digest: string;
            readonly evaluations: readonly components["schemas"]["Evaluation"][];
            readonly externalId?: string;
            readonly id: string;
            readonly keyId: string;
            /** Format: date-time */
            readonly policyResolvedAt?: string;
            readonly reason?: string;
            readonly requesterId: string;
            readonly signatures: readonly {
                readonly encoded?: string;
                readonly recoveryId?: number;
                readonly signature: string;
            }[];
            /** Format: date-time */
            readonly signedAt?: string;
            readonly signedData?: string;
            /** @enum {unknown} */
            readonly status: "pending" | "executing" | "signed" | "confirmed" | "failed" | "rejected";
            readonly view: unknown;
            readonly walletId?: string;
        };
        readonly SigningItem: {
            readonly ceremony?: {
                readonly relay?: string;
                readonly room: string;
            };
            readonly digest?: string;
            readonly hash?: string;
            readonly keyId?: string;
            readonly keyName?: string;
            readonly message?: string;
            readonly options?: components["schemas"]["SigningOptions"];
            readonly payload?: components["schemas"]["ChainPayload"];
        };
        readonly SigningOptions: {
            readonly context?: string;
            readonly derivationPath?: string;
            readonly deterministic?: boolean;
            readonly domain?: string;
            readonly merkleRoot?: string;
            readonly mgf1Digest?: string;
            /** @enum {unknown} */
            readonly padding?: "pkcs1-v1.5" | "pss";
            readonly recoverable?: boolean;
            /** @enum {unknown} */
            readonly variant?: "pure" | "pre-hash" | "external-mu";
        };
        readonly SigningResult: {
            readonly approvalId?: string;
            readonly error?: components["schemas"]["ItemError"];
            readonly keyId?: string;
            readonly requestId?: string;
            readonly signature?: string;
            /** @enum {unknown} */
            readonly status: "signed" | "pending" | "denied" | "failed";
        };
        readonly VerificationItem: {
            readonly digest?: string;
            readonly hash?: string;
            readonly keyId?: string;
            readonly keyName?: string;
            readonly message?: string;
            readonly options?: components["schemas"]["SigningOptions"];
            readonly payload?: components["schemas"]["ChainPayload"];
            readonly signature: string;
        };
        readonly VerificationResult: {
            readonly error?: components["schemas"]["ItemError"];
            readonly keyId?: string;
            readonly valid?: boolean;
        };
    };
    responses: {
        /** @description What went wrong. */
        readonly Error: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: {
        /** @description A proven user action, for callers that have credentials. */
        readonly UserAction: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readonly listApprovals: {
        readonly parameters: {
            readonly query?: {
                readonly after?: string;
                readonly approverId?: string;
                readonly initiatorId?: string;
                readonly limit?: number;
                readonly status?: "pending" | "approved" | "denied" | "expired" | "cancelled";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly items: readonly components["schemas"]["Approval"][];
                        readonly next?: string;
                    };
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getApproval: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly approvalId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Approval"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly decideApproval: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path: {
                readonly approvalId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly reason?: string;
                    /** @enum {unknown} */
                    readonly value: "approved" | "denied";
                };
            };
        };
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Approval"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getChange: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly changeId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Change"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly listKeys: {
        readonly parameters: {
            readonly query?: {
                readonly after?: string;
                readonly limit?: number;
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly items: readonly components["schemas"]["Key"][];
                        readonly next?: string;
                    };
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly createKey: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["NewKey"];
            };
        };
        readonly responses: {
            /** @description Made. */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Key"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getKey: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly keyId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Key"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly deleteKey: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path: {
                readonly keyId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Key"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly renameKey: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path: {
                readonly keyId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly name: string | null;
                };
            };
        };
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Key"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly deriveChildKey: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path: {
                readonly keyId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly description?: string;
                    readonly name?: string;
                    readonly path?: string;
                };
            };
        };
        readonly responses: {
            /** @description Made. */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Key"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly delegateKey: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path: {
                readonly keyId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly userId: string;
                };
            };
        };
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Key"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly exportKey: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path: {
                readonly keyId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly recipientPublicKey: string;
                };
            };
        };
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["ExportedKey"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly importKey: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["ImportedKey"];
            };
        };
        readonly responses: {
            /** @description Made. */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Key"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getImportKey: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["ImportKey"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly listPolicies: {
        readonly parameters: {
            readonly query?: {
                readonly after?: string;
                readonly limit?: number;
                readonly status?: "active" | "archived";
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly items: readonly components["schemas"]["Policy"][];
                        readonly next?: string;
                    };
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly createPolicy: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["PolicyDraft"];
            };
        };
        readonly responses: {
            /** @description Made. */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Policy"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getPolicy: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly policyId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Policy"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly updatePolicy: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path: {
                readonly policyId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["PolicyDraft"];
            };
        };
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description The change waits for approval. */
            readonly 202: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Change"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly archivePolicy: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path: {
                readonly policyId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description The change waits for approval. */
            readonly 202: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Change"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly listRequests: {
        readonly parameters: {
            readonly query?: {
                readonly after?: string;
                readonly keyId?: string;
                readonly limit?: number;
                readonly status?: "pending" | "executing" | "signed" | "confirmed" | "failed" | "rejected";
                readonly walletId?: string;
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly items: readonly components["schemas"]["SignatureRequest"][];
                        readonly next?: string;
                    };
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly createRequests: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly items: readonly components["schemas"]["RequestItem"][];
                };
            };
        };
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly results: readonly {
                            readonly error?: {
                                readonly code: string;
                                readonly message: string;
                                readonly objectId?: string;
                            };
                            readonly request?: components["schemas"]["SignatureRequest"];
                        }[];
                    };
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly getRequest: {
        readonly parameters: {
            readonly query?: {
                readonly wait?: number;
            };
            readonly header?: never;
            readonly path: {
                readonly requestId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["SignatureRequest"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly cancelRequest: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path: {
                readonly requestId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["SignatureRequest"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly confirmRequest: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path: {
                readonly requestId: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly fee?: string;
                    readonly network?: string;
                    readonly transactionHash: string;
                };
            };
        };
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["SignatureRequest"];
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly createServiceAccount: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly lifetimeSeconds?: number;
                    readonly name: string;
                    readonly operations?: readonly string[];
                    readonly publicKey: string;
                };
            };
        };
        readonly responses: {
            /** @description Made. */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly accessToken: string;
                        readonly credentialId: string;
                        readonly userId: string;
                    };
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly sign: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly items: readonly components["schemas"]["SigningItem"][];
                };
            };
        };
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly results: readonly components["schemas"]["SigningResult"][];
                    };
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly beginUserAction: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly body: string;
                    /** @enum {unknown} */
                    readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
                    readonly path: string;
                };
            };
        };
        readonly responses: {
            /** @description Made. */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly challenge: string;
                        readonly credentials: readonly {
                            readonly id: string;
                            readonly kind: string;
                            readonly rawId?: string;
                        }[];
                        /** Format: date-time */
                        readonly expiresAt: string;
                        readonly identifier: string;
                    };
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly completeUserAction: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly assertion: {
                        readonly clientData: string;
                        readonly credentialId: string;
                        /** @constant */
                        readonly kind: "key";
                        readonly signature: string;
                    } | {
                        readonly authenticatorData: string;
                        readonly clientData: string;
                        /** @constant */
                        readonly kind: "passkey";
                        readonly rawId: string;
                        readonly signature: string;
                        readonly userHandle?: string;
                    };
                    readonly identifier: string;
                };
            };
        };
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly userAction: string;
                    };
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
    readonly verify: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description A proven user action, for callers that have credentials. */
                readonly "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly items: readonly components["schemas"]["VerificationItem"][];
                };
            };
        };
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly results: readonly components["schemas"]["VerificationResult"][];
                    };
                };
            };
            readonly default: components["responses"]["Error"];
        };
    };
}
