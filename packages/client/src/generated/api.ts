/** Types of every call of our own API. Written by scripts/generate-client.ts from its OpenAPI document: change that. */
export interface paths {
    "/api/v1/api-keys/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends an API key and the sessions of its principal. */
        post: operations["revokeApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A program with a group of its own and an API key, which is shown here alone. */
        post: operations["createApiUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-users/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Deletes such a program with its group and API keys, once it has no keys left. */
        delete: operations["deleteApiUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Approvals, newest first; the caller's own without `Policies:Approvals:Read`. */
        get: operations["listApprovals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{approvalId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An approval with what it is about. */
        get: operations["getApproval"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{approvalId}/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Approves or denies. */
        post: operations["decideApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/changes/{changeId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A change that waits for approval, or waited. */
        get: operations["getChange"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's own credentials; with `userId`, somebody else's, for those who may read it. */
        get: operations["listCredentials"];
        put?: never;
        /** Adds a credential, with the answer to its challenge. */
        post: operations["createCredential"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/credentials/{credentialId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Switches a credential on or off; 202 where that needs approval. */
        patch: operations["updateCredential"];
        trace?: never;
    };
    "/api/v1/credentials/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The challenge for one more credential of the calling person. */
        post: operations["beginCredential"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Keys that the caller sees, in order of id. */
        get: operations["listKeys"];
        put?: never;
        /** Makes a key. */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{keyId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A key. */
        get: operations["getKey"];
        put?: never;
        post?: never;
        /** Deletes a key for good. */
        delete: operations["deleteKey"];
        options?: never;
        head?: never;
        /** Gives a key another name, or none. */
        patch: operations["renameKey"];
        trace?: never;
    };
    "/api/v1/keys/{keyId}/children": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a child of a master key. */
        post: operations["deriveChildKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{keyId}/delegate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hands a key to a person, for good. */
        post: operations["delegateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{keyId}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Exports an exportable key, encrypted to the recipient. */
        post: operations["exportKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{keyId}/rule-set": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The set that holds for a key: its own, or the default of the user that made it. */
        get: operations["getRuleSetOfKey"];
        /** Attaches a set to a key, in place of the one before. */
        put: operations["attachRuleSetToKey"];
        post?: never;
        /** Takes the set off a key. */
        delete: operations["detachRuleSetFromKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Imports a private key that was encrypted to the signer. */
        post: operations["importKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/import-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The HPKE public key that imported keys are encrypted to. */
        get: operations["getImportKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/log/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Size and root of the log. Keep them: a later log must prove that it continues this one. */
        get: operations["getLogCheckpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/log/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The proof that the log of this size continues an older one (RFC 9162, 2.1.4). */
        get: operations["getConsistencyProof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/log/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Entries of the caller's account from a leaf on, oldest first. */
        get: operations["listLogEntries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/log/inclusion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The proof that a leaf is in the log of this size (RFC 9162, 2.1.3). */
        get: operations["getInclusionProof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A token of eight hours, for the answer to the challenge. */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/login/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The challenge of a login. It looks the same for people that there are not. */
        post: operations["beginLogin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends the token of a login. */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who calls, and what it may do. */
        get: operations["getMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Policies, newest first. */
        get: operations["listPolicies"];
        put?: never;
        /** Makes a policy; it holds at once. */
        post: operations["createPolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies/{policyId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A policy. */
        get: operations["getPolicy"];
        /** Replaces a policy; 202 where the change itself needs approval. */
        put: operations["updatePolicy"];
        post?: never;
        /** Ends a policy; 202 where the change itself needs approval. */
        delete: operations["archivePolicy"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The first credential, with the answer to its challenge. The code is spent. */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registration/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The challenge for the first credential of an invited person. */
        post: operations["beginRegistration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Signature requests, newest first. */
        get: operations["listRequests"];
        put?: never;
        /** Stores signature requests and signs those that policy allows at once. */
        post: operations["createRequests"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/requests/{requestId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A signature request; with `wait`, once it is final. */
        get: operations["getRequest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/requests/{requestId}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Withdraws a request that waits. */
        post: operations["cancelRequest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/requests/{requestId}/confirmation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reports the transaction of a signed request. */
        post: operations["confirmRequest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Roles, in order of id. */
        get: operations["listRoles"];
        put?: never;
        /** Makes a role. Nobody gives away what it does not hold itself. */
        post: operations["createRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roles/{roleId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A role, with the change that waits for approval, if there is one. */
        get: operations["getRole"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Gives a role another name or other operations; 202 where that needs approval. */
        patch: operations["updateRole"];
        trace?: never;
    };
    "/api/v1/roles/{roleId}/archived": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Archives a role, which then gives nothing, or takes it back; 202 where that needs approval. */
        put: operations["setRoleArchived"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roles/{roleId}/assignments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who has a role, in order of id. */
        get: operations["listAssignments"];
        put?: never;
        /** Gives a role to a person or program; 202 where that needs approval. */
        post: operations["assignRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roles/{roleId}/assignments/{assignmentId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes a role away; 202 where that needs approval. */
        delete: operations["revokeAssignment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rule-servers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All rule servers, in order of name. */
        get: operations["listRuleServers"];
        put?: never;
        /** Registers a rule server and the key that signs its answers. */
        post: operations["createRuleServer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rule-servers/{ruleServerId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Deletes a rule server that is in no set. */
        delete: operations["deleteRuleServer"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rule-sets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All sets of rule servers, in order of name. */
        get: operations["listRuleSets"];
        put?: never;
        /** A set of rule servers, all of which must say yes. */
        post: operations["createRuleSet"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rule-sets/{ruleSetId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Deletes a set that is attached to nothing. */
        delete: operations["deleteRuleSet"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rule-sets/{ruleSetId}/rule-servers/{ruleServerId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes a rule server out of a set. */
        delete: operations["removeRuleServerFromSet"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/service-accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Programs of every kind, in order of id. */
        get: operations["listServiceAccounts"];
        put?: never;
        /** A program with a key of its own and an access token, which is shown here alone. */
        post: operations["createServiceAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/service-accounts/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A program. */
        get: operations["getServiceAccount"];
        put?: never;
        post?: never;
        /** Switches a program off and deletes its tokens. */
        delete: operations["deleteServiceAccount"];
        options?: never;
        head?: never;
        /** Switches a program on or off, with all its tokens and API keys. */
        patch: operations["updateServiceAccount"];
        trace?: never;
    };
    "/api/v1/signatures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs digests and messages, in one batch. */
        post: operations["sign"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's own tokens. */
        get: operations["listTokens"];
        put?: never;
        /** A token for a program that acts as the calling person, shown here alone. */
        post: operations["createPersonalToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{tokenId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends a token for good. */
        delete: operations["deleteToken"];
        options?: never;
        head?: never;
        /** Switches a token on or off: one's own, or that of somebody whom one may update. */
        patch: operations["updateToken"];
        trace?: never;
    };
    "/api/v1/user-actions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A challenge for one exact call. */
        post: operations["beginUserAction"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user-actions/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The token for that call, from a signed challenge. */
        post: operations["completeUserAction"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** People, in order of id. */
        get: operations["listUsers"];
        put?: never;
        /** Invites a person; the code that registers its first credential is shown here alone. */
        post: operations["inviteUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A person. */
        get: operations["getUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Switches a person on or off, with all its tokens. */
        patch: operations["updateUser"];
        trace?: never;
    };
    "/api/v1/users/{userId}/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** One more API key for a person or program, shown here alone. */
        post: operations["createApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{userId}/invitation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new code for a person; when it is used, all former credentials are switched off. */
        post: operations["renewInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{userId}/rule-set": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** The default for keys that a user made and will make. */
        put: operations["attachRuleSetToUser"];
        post?: never;
        /** Takes a user's default away. */
        delete: operations["detachRuleSetFromUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/verifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Verifies signatures, in one batch. */
        post: operations["verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/wallets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Wallets whose key the caller sees, in order of id. */
        get: operations["listWallets"];
        put?: never;
        /** A wallet on a key that exists, or on a new one. */
        post: operations["createWallet"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/wallets/{walletId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A wallet with its key. */
        get: operations["getWallet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Webhooks, in order of id. */
        get: operations["listWebhooks"];
        put?: never;
        /** Makes a webhook; its secret is shown here alone. */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhookId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A webhook. */
        get: operations["getWebhook"];
        put?: never;
        post?: never;
        /** Deletes a webhook with what it still had to send. */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        /** Changes a webhook. */
        patch: operations["updateWebhook"];
        trace?: never;
    };
    "/api/v1/webhooks/{webhookId}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was sent in the last 31 days, and what waits, newest first. */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhookId}/deliveries/{deliveryId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One delivery. */
        get: operations["getDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhookId}/deliveries/{deliveryId}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a delivery again, as a new one. */
        post: operations["replayDelivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhookId}/ping": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a test event now. */
        post: operations["pingWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhookId}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new secret, shown here alone; the old one signs nothing any more. */
        post: operations["rotateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        Approval: {
            /** @enum {unknown} */
            activity: "sign" | "incoming-transaction" | "assign-role" | "modify-role" | "modify-policy" | "modify-credential";
            change?: components["schemas"]["Change"];
            /** Format: date-time */
            createdAt: string;
            decisions: components["schemas"]["Decision"][];
            digest: string;
            evaluations: components["schemas"]["Evaluation"][];
            /** Format: date-time */
            expiresAt?: string;
            groups: components["schemas"]["RequiredGroup"][];
            id: string;
            initiatorId: string;
            request?: components["schemas"]["SignatureRequest"];
            /** Format: date-time */
            resolvedAt?: string;
            /** @enum {unknown} */
            status: "pending" | "approved" | "denied" | "expired" | "cancelled";
        };
        ApproverGroup: {
            approvers: "anyone" | string[];
            initiatorCanApprove?: boolean;
            name?: string;
            quorum: number;
            serviceAccountsCanApprove?: boolean;
            signedOnly?: boolean;
        };
        Assignment: {
            /** Format: date-time */
            createdAt: string;
            id: string;
            roleId: string;
            scope: {
                /** @constant */
                kind: "account";
            } | {
                /** Format: uuid */
                groupId: string;
                /** @constant */
                kind: "group";
            } | {
                keyId: string;
                /** @constant */
                kind: "key";
            };
            userId: string;
        };
        ChainPayload: {
            chain: string;
            content: unknown;
            format: string;
            network?: string;
        };
        Challenge: {
            challenge: string;
            credentials: {
                id: string;
                /** @enum {unknown} */
                kind: "key" | "passkey";
                rawId?: string;
            }[];
            /** Format: date-time */
            expiresAt: string;
            identifier: string;
            relyingPartyId: string;
        };
        Change: {
            approvalId: string;
            body: unknown;
            /** Format: date-time */
            createdAt: string;
            entityId: string;
            id: string;
            /** @enum {unknown} */
            kind: "policy" | "role" | "assignment" | "credential";
            /** @enum {unknown} */
            operation: "create" | "update" | "archive" | "delete" | "activate" | "deactivate";
            reason?: string;
            requesterId: string;
            /** Format: date-time */
            resolvedAt?: string;
            /** @enum {unknown} */
            status: "pending" | "applied" | "failed" | "rejected";
        };
        ConsistencyProof: {
            new: components["schemas"]["LogHead"];
            old: components["schemas"]["LogHead"];
            path: string[];
        };
        Credential: {
            active: boolean;
            /** Format: date-time */
            createdAt: string;
            id: string;
            /** @enum {unknown} */
            kind: "key" | "passkey";
            name: string;
            publicKey?: string;
            rawId?: string;
            userId: string;
        };
        Decision: {
            /** Format: date-time */
            at: string;
            credentialId?: string;
            /** @enum {unknown} */
            evidence: "signed" | "session";
            logIndex?: number;
            reason?: string;
            userId: string;
            /** @enum {unknown} */
            value: "approved" | "denied";
        };
        EffectiveRuleSet: {
            /** @enum {unknown} */
            origin?: "key" | "user-default";
            ruleServers: components["schemas"]["RuleServer"][];
            ruleSet?: components["schemas"]["RuleSet"];
        };
        Error: {
            error: {
                code: string;
                message: string;
                objectId?: string;
                subject?: string;
            };
        };
        Evaluation: {
            policyId: string;
            reason: string;
            triggered: boolean;
        };
        ExportedKey: {
            /** Format: uuid */
            accountId: string;
            ciphertext: string;
            enc: string;
            /** Format: date-time */
            exportedAt: string;
            keyId: string;
            /** Format: uuid */
            keyUuid: string;
        };
        Identity: {
            administrator: boolean;
            assignments: {
                id: string;
                roleId: string;
                roleName: string;
                scope: {
                    /** @constant */
                    kind: "account";
                } | {
                    /** Format: uuid */
                    groupId: string;
                    /** @constant */
                    kind: "group";
                } | {
                    keyId: string;
                    /** @constant */
                    kind: "key";
                };
            }[];
            /** Format: date-time */
            createdAt: string;
            credentials: components["schemas"]["Credential"][];
            email?: string;
            enabled: boolean;
            externalId?: string;
            id: string;
            /** @enum {unknown} */
            kind: "user" | "service";
            name: string;
            registered: boolean;
            requiresProof: boolean;
            tokens: components["schemas"]["Token"][];
        };
        ImportedKey: {
            algorithm: string;
            allowSignDigest?: boolean;
            ciphertext: string;
            custody?: string;
            description?: string;
            deterministicSignatures?: boolean;
            enc: string;
            exportable?: boolean;
            /** Format: uuid */
            groupId?: string;
            master?: boolean;
            name?: string;
            parameters?: {
                [key: string]: string | number;
            };
            verifyAfterSign?: boolean;
        };
        ImportKey: {
            aead: string;
            kdf: string;
            kem: string;
            publicKey: string;
        };
        InclusionProof: {
            leaf: number;
            leafHash: string;
            path: string[];
            root: string;
            size: number;
        };
        ItemError: {
            code: string;
            message: string;
        };
        Key: {
            algorithm: string;
            /** Format: date-time */
            createdAt: string;
            createdBy: string;
            custody: string;
            delegatedTo?: string;
            derivedFrom?: {
                keyId: string;
                path: string;
            };
            description: string;
            enabled: boolean;
            exportable: boolean;
            /** Format: date-time */
            exportedAt?: string;
            /** Format: uuid */
            groupId: string;
            id: string;
            imported: boolean;
            /** Format: date-time */
            lastUsedAt?: string;
            master: boolean;
            name?: string;
            operations: string[];
            parameters: {
                [key: string]: string | number;
            };
            publicKey: string;
            publicKeyPem?: string;
            state: string;
            version: number;
        };
        KeyAssertion: {
            clientData: string;
            credentialId: string;
            /** @constant */
            kind: "key";
            signature: string;
        };
        KeyAttestation: {
            clientData: string;
            /** @constant */
            kind: "key";
            publicKey: string;
            signature: string;
        };
        LogEntry: {
            /** Format: date-time */
            at: string;
            batch?: number;
            body: string;
            details?: {
                [key: string]: string | number | boolean | null;
            };
            dialect?: string;
            firstLeaf: number;
            items?: components["schemas"]["LogItem"][];
            kind?: string;
            leafCount: number;
            /** @enum {unknown} */
            phase: "intent" | "refusal" | "outcome" | "event";
            userId?: string;
        };
        LogHead: {
            root: string;
            size: number;
        };
        LogItem: {
            code?: string;
            keyId: string;
            keyVersion?: number;
            payloadDigest: string;
            signatureDigest?: string;
            /** @enum {unknown} */
            status: "intended" | "refused" | "signed" | "failed" | "unknown";
        };
        Me: {
            /** Format: uuid */
            accountId: string;
            /** Format: uuid */
            defaultGroupId?: string;
            grants: {
                operations: string[];
                scope: {
                    /** @constant */
                    kind: "account";
                } | {
                    /** Format: uuid */
                    groupId: string;
                    /** @constant */
                    kind: "group";
                } | {
                    keyId: string;
                    /** @constant */
                    kind: "key";
                };
            }[];
            identity: components["schemas"]["Identity"];
        };
        NewCredential: {
            attestation: components["schemas"]["KeyAttestation"] | components["schemas"]["PasskeyAttestation"];
            identifier: string;
            name: string;
        };
        NewKey: {
            algorithm: string;
            allowSignDigest?: boolean;
            custody?: string;
            description?: string;
            deterministicSignatures?: boolean;
            exportable?: boolean;
            /** Format: uuid */
            groupId?: string;
            master?: boolean;
            name?: string;
            parameters?: {
                [key: string]: string | number;
            };
            verifyAfterSign?: boolean;
        };
        NewRuleServer: {
            /** @enum {unknown} */
            algorithm: "ES256" | "RS256";
            name: string;
            publicKey: string;
            url: string;
        };
        NewServiceAccount: {
            externalId?: string;
            lifetimeSeconds?: number;
            name: string;
            operations?: string[];
            publicKey: string;
            roleIds?: string[];
        };
        NewToken: {
            externalId?: string;
            lifetimeSeconds?: number;
            name: string;
            publicKey: string;
            roleIds?: string[];
        };
        NewWallet: {
            chain?: string;
            externalId?: string;
            key?: components["schemas"]["NewKey"];
            keyId?: string;
            name?: string;
            network: string;
            tags?: string[];
        };
        NewWebhook: {
            description?: string;
            enabled?: boolean;
            events: "all" | ("key-created" | "key-deleted" | "key-delegated" | "key-exported" | "request-created" | "request-signed" | "request-confirmed" | "request-failed" | "request-rejected" | "policy-triggered" | "approval-pending" | "approval-resolved")[];
            url: string;
        };
        PasskeyAssertion: {
            authenticatorData: string;
            clientData: string;
            /** @constant */
            kind: "passkey";
            rawId: string;
            signature: string;
            userHandle?: string;
        };
        PasskeyAttestation: {
            attestationObject: string;
            clientData: string;
            /** @constant */
            kind: "passkey";
            rawId: string;
        };
        Policy: {
            action: {
                /** @constant */
                kind: "block";
            } | {
                /** @constant */
                kind: "none";
            } | {
                expiresAfterMinutes?: number;
                groups: components["schemas"]["ApproverGroup"][];
                /** @constant */
                kind: "request-approval";
            };
            /** @enum {unknown} */
            activity: "sign" | "incoming-transaction" | "assign-role" | "modify-role" | "modify-policy" | "modify-credential";
            /** Format: date-time */
            createdAt: string;
            filters: components["schemas"]["PolicyFilters"];
            id: string;
            name: string;
            rule: {
                configuration: unknown;
                kind: string;
            };
            /** @enum {unknown} */
            status: "active" | "archived";
            /** Format: date-time */
            updatedAt: string;
            version: number;
        };
        PolicyDraft: {
            action: {
                /** @constant */
                kind: "block";
            } | {
                /** @constant */
                kind: "none";
            } | {
                expiresAfterMinutes?: number;
                groups: components["schemas"]["ApproverGroup"][];
                /** @constant */
                kind: "request-approval";
            };
            /** @enum {unknown} */
            activity: "sign" | "incoming-transaction" | "assign-role" | "modify-role" | "modify-policy" | "modify-credential";
            filters?: components["schemas"]["PolicyFilters"];
            name: string;
            rule: {
                configuration?: unknown;
                kind: string;
            };
        };
        PolicyFilters: {
            keyIds?: string[];
            policyIds?: string[];
            roleIds?: string[];
            walletIds?: string[];
            walletTagsAll?: string[];
            walletTagsAny?: string[];
        };
        RegistrationChallenge: {
            challenge: string;
            excludeCredentials: string[];
            /** Format: date-time */
            expiresAt: string;
            identifier: string;
            relyingParty: {
                id: string;
                name: string;
            };
            temporaryToken?: string;
            user: {
                displayName: string;
                id: string;
                name: string;
            };
        };
        RequestItem: {
            digest?: string;
            externalId?: string;
            hash?: string;
            keyId?: string;
            keyName?: string;
            message?: string;
            options?: components["schemas"]["SigningOptions"];
            payload?: components["schemas"]["ChainPayload"];
            walletId?: string;
        };
        RequiredGroup: {
            approvers: "anyone" | string[];
            initiatorCanApprove: boolean;
            name?: string;
            policyId: string;
            quorum: number;
            serviceAccountsCanApprove: boolean;
            signedOnly: boolean;
        };
        Role: {
            archived: boolean;
            /** Format: date-time */
            createdAt: string;
            id: string;
            immutable: boolean;
            name: string;
            operations: string[];
            /** Format: date-time */
            updatedAt: string;
            version: number;
        };
        RoleWithChange: {
            archived: boolean;
            /** Format: date-time */
            createdAt: string;
            id: string;
            immutable: boolean;
            name: string;
            operations: string[];
            pendingChange?: components["schemas"]["Change"];
            /** Format: date-time */
            updatedAt: string;
            version: number;
        };
        RuleServer: {
            /** @enum {unknown} */
            algorithm: "ES256" | "RS256";
            /** Format: date-time */
            createdAt: string;
            /** Format: uuid */
            id: string;
            name: string;
            publicKey: string;
            url: string;
        };
        RuleSet: {
            /** Format: date-time */
            createdAt: string;
            /** Format: uuid */
            id: string;
            name: string;
            ruleServerIds: string[];
        };
        SignatureRequest: {
            approvalId?: string;
            confirmation?: {
                fee?: string;
                network?: string;
                transactionHash: string;
            };
            /** Format: date-time */
            confirmedAt?: string;
            content: unknown;
            /** Format: date-time */
            createdAt: string;
            details?: unknown;
            dialect: string;
            digest: string;
            evaluations: components["schemas"]["Evaluation"][];
            externalId?: string;
            id: string;
            keyId: string;
            /** Format: date-time */
            policyResolvedAt?: string;
            reason?: string;
            requesterId: string;
            signatures: {
                encoded?: string;
                recoveryId?: number;
                signature: string;
            }[];
            /** Format: date-time */
            signedAt?: string;
            signedData?: string;
            /** @enum {unknown} */
            status: "pending" | "executing" | "signed" | "confirmed" | "failed" | "rejected";
            view: unknown;
            walletId?: string;
        };
        SigningItem: {
            ceremony?: {
                relay?: string;
                room: string;
            };
            digest?: string;
            hash?: string;
            keyId?: string;
            keyName?: string;
            message?: string;
            options?: components["schemas"]["SigningOptions"];
            payload?: components["schemas"]["ChainPayload"];
        };
        SigningOptions: {
            context?: string;
            derivationPath?: string;
            deterministic?: boolean;
            domain?: string;
            merkleRoot?: string;
            mgf1Digest?: string;
            /** @enum {unknown} */
            padding?: "pkcs1-v1.5" | "pss";
            recoverable?: boolean;
            /** @enum {unknown} */
            variant?: "pure" | "pre-hash" | "external-mu";
        };
        SigningResult: {
            approvalId?: string;
            error?: components["schemas"]["ItemError"];
            keyId?: string;
            requestId?: string;
            signature?: string;
            /** @enum {unknown} */
            status: "signed" | "pending" | "denied" | "failed";
        };
        Token: {
            active: boolean;
            /** Format: date-time */
            createdAt: string;
            credentialId?: string;
            /** Format: date-time */
            expiresAt?: string;
            id: string;
            /** @enum {unknown} */
            kind: "service-account" | "personal" | "login";
            name: string;
            roleIds?: string[];
            userId: string;
        };
        VerificationItem: {
            digest?: string;
            hash?: string;
            keyId?: string;
            keyName?: string;
            message?: string;
            options?: components["schemas"]["SigningOptions"];
            payload?: components["schemas"]["ChainPayload"];
            signature: string;
        };
        VerificationResult: {
            error?: components["schemas"]["ItemError"];
            keyId?: string;
            valid?: boolean;
        };
        Wallet: {
            address?: string;
            /** Format: date-time */
            archivedAt?: string;
            chain?: string;
            /** Format: date-time */
            createdAt: string;
            createdBy: string;
            externalId?: string;
            id: string;
            key: components["schemas"]["Key"];
            name?: string;
            network: string;
            tags: string[];
        };
        Webhook: {
            /** Format: date-time */
            createdAt: string;
            description?: string;
            dialect: string;
            enabled: boolean;
            events: "all" | ("key-created" | "key-deleted" | "key-delegated" | "key-exported" | "request-created" | "request-signed" | "request-confirmed" | "request-failed" | "request-rejected" | "policy-triggered" | "approval-pending" | "approval-resolved")[];
            id: string;
            /** Format: date-time */
            updatedAt: string;
            url: string;
        };
        WebhookDelivery: {
            /** Format: date-time */
            at: string;
            attempt: number;
            body?: string;
            /** Format: date-time */
            createdAt: string;
            entityId: string;
            error?: string;
            id: string;
            /** @enum {unknown} */
            kind: "key-created" | "key-deleted" | "key-delegated" | "key-exported" | "request-created" | "request-signed" | "request-confirmed" | "request-failed" | "request-rejected" | "policy-triggered" | "approval-pending" | "approval-resolved";
            retryOf?: string;
            /** Format: date-time */
            sentAt?: string;
            /** @enum {unknown} */
            status: "pending" | "delivered" | "failed";
            webhookId: string;
        };
        WebhookWithSecret: {
            /** Format: date-time */
            createdAt: string;
            description?: string;
            dialect: string;
            enabled: boolean;
            events: "all" | ("key-created" | "key-deleted" | "key-delegated" | "key-exported" | "request-created" | "request-signed" | "request-confirmed" | "request-failed" | "request-rejected" | "policy-triggered" | "approval-pending" | "approval-resolved")[];
            id: string;
            secret: string;
            /** Format: date-time */
            updatedAt: string;
            url: string;
        };
    };
    responses: {
        /** @description What went wrong. */
        Error: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: {
        /** @description A proven user action, for callers that have credentials. */
        UserAction: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export interface operations {
    revokeApiKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    apiKey: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        revoked: true;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createApiUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name?: string;
                };
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        apiKey: string;
                        userId: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteApiUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        deleted: true;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listApprovals: {
        parameters: {
            query?: {
                after?: string;
                approverId?: string;
                initiatorId?: string;
                limit?: number;
                status?: "pending" | "approved" | "denied" | "expired" | "cancelled";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Approval"][];
                        next?: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                approvalId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    decideApproval: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                approvalId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason?: string;
                    /** @enum {unknown} */
                    value: "approved" | "denied";
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getChange: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                changeId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listCredentials: {
        parameters: {
            query?: {
                userId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Credential"][];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createCredential: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCredential"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Credential"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    updateCredential: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                credentialId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    active: boolean;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Credential"];
                };
            };
            /** @description The change waits for approval. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    beginCredential: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    kind: "key" | "passkey";
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegistrationChallenge"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listKeys: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Key"][];
                        next?: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKey"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                keyId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                keyId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    renameKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                keyId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deriveChildKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                keyId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    description?: string;
                    name?: string;
                    path?: string;
                };
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    delegateKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                keyId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    userId: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    exportKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                keyId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    recipientPublicKey: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportedKey"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getRuleSetOfKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                keyId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EffectiveRuleSet"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    attachRuleSetToKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                keyId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    ruleSetId: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        ruleSetId: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    detachRuleSetFromKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                keyId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        deleted: true;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    importKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImportedKey"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getImportKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportKey"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getLogCheckpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogHead"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getConsistencyProof: {
        parameters: {
            query?: {
                oldSize?: number;
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsistencyProof"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listLogEntries: {
        parameters: {
            query?: {
                from?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["LogEntry"][];
                        next?: number;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getInclusionProof: {
        parameters: {
            query?: {
                leaf?: number;
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InclusionProof"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    assertion: components["schemas"]["KeyAssertion"] | components["schemas"]["PasskeyAssertion"];
                    identifier: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        accessToken: string;
                        user: components["schemas"]["Identity"];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    beginLogin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Challenge"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        loggedOut: true;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listPolicies: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
                status?: "active" | "archived";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Policy"][];
                        next?: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createPolicy: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicyDraft"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                policyId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    updatePolicy: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                policyId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicyDraft"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description The change waits for approval. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    archivePolicy: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                policyId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description The change waits for approval. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    attestation: components["schemas"]["KeyAttestation"] | components["schemas"]["PasskeyAttestation"];
                    name: string;
                    temporaryToken: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        credential: components["schemas"]["Credential"];
                        user: components["schemas"]["Identity"];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    beginRegistration: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                    registrationCode: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegistrationChallenge"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listRequests: {
        parameters: {
            query?: {
                after?: string;
                keyId?: string;
                limit?: number;
                status?: "pending" | "executing" | "signed" | "confirmed" | "failed" | "rejected";
                walletId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["SignatureRequest"][];
                        next?: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createRequests: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: components["schemas"]["RequestItem"][];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        results: {
                            error?: {
                                code: string;
                                message: string;
                                objectId?: string;
                            };
                            request?: components["schemas"]["SignatureRequest"];
                        }[];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getRequest: {
        parameters: {
            query?: {
                wait?: number;
            };
            header?: never;
            path: {
                requestId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignatureRequest"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    cancelRequest: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                requestId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignatureRequest"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    confirmRequest: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                requestId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    fee?: string;
                    network?: string;
                    transactionHash: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignatureRequest"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listRoles: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Role"][];
                        next?: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createRole: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    operations: string[];
                };
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                roleId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleWithChange"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    updateRole: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                roleId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name?: string;
                    operations?: string[];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description The change waits for approval. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    setRoleArchived: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                roleId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    archived: boolean;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description The change waits for approval. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listAssignments: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path: {
                roleId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Assignment"][];
                        next?: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    assignRole: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                roleId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    scope?: {
                        /** @constant */
                        kind: "account";
                    } | {
                        /** Format: uuid */
                        groupId: string;
                        /** @constant */
                        kind: "group";
                    } | {
                        keyId: string;
                        /** @constant */
                        kind: "key";
                    };
                    userId: string;
                };
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assignment"];
                };
            };
            /** @description The change waits for approval. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    revokeAssignment: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                assignmentId: string;
                roleId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assignment"];
                };
            };
            /** @description The change waits for approval. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listRuleServers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["RuleServer"][];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createRuleServer: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRuleServer"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuleServer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteRuleServer: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                ruleServerId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        deleted: true;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listRuleSets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["RuleSet"][];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createRuleSet: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    ruleServerIds: string[];
                };
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuleSet"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteRuleSet: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                ruleSetId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        deleted: true;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    removeRuleServerFromSet: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                ruleServerId: string;
                ruleSetId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        deleted: true;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listServiceAccounts: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Identity"][];
                        next?: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createServiceAccount: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewServiceAccount"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        accessToken: string;
                        credentialId: string;
                        userId: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getServiceAccount: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identity"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteServiceAccount: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identity"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    updateServiceAccount: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    enabled: boolean;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identity"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    sign: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: components["schemas"]["SigningItem"][];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        results: components["schemas"]["SigningResult"][];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listTokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Token"][];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createPersonalToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        accessToken: string;
                        token: components["schemas"]["Token"];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                tokenId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    updateToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                tokenId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    active: boolean;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    beginUserAction: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    body: string;
                    /** @enum {unknown} */
                    method: "POST" | "PUT" | "PATCH" | "DELETE";
                    path: string;
                };
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Challenge"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    completeUserAction: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    assertion: components["schemas"]["KeyAssertion"] | components["schemas"]["PasskeyAssertion"];
                    identifier: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        userAction: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listUsers: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Identity"][];
                        next?: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    inviteUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    administrator?: boolean;
                    email: string;
                    externalId?: string;
                };
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        registrationCode: string;
                        user: components["schemas"]["Identity"];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identity"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    updateUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    enabled: boolean;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identity"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createApiKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        apiKey: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    renewInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        registrationCode: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    attachRuleSetToUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    ruleSetId: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        ruleSetId: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    detachRuleSetFromUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        deleted: true;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    verify: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: components["schemas"]["VerificationItem"][];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        results: components["schemas"]["VerificationResult"][];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listWallets: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Wallet"][];
                        next?: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createWallet: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWallet"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Wallet"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getWallet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                walletId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Wallet"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listWebhooks: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Webhook"][];
                        next?: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWebhook"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        deleted: true;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    updateWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    description?: string;
                    enabled?: boolean;
                    events?: "all" | ("key-created" | "key-deleted" | "key-delegated" | "key-exported" | "request-created" | "request-signed" | "request-confirmed" | "request-failed" | "request-rejected" | "policy-triggered" | "approval-pending" | "approval-resolved")[];
                    url?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                after?: string;
                failed?: boolean;
                kind?: "key-created" | "key-deleted" | "key-delegated" | "key-exported" | "request-created" | "request-signed" | "request-confirmed" | "request-failed" | "request-rejected" | "policy-triggered" | "approval-pending" | "approval-resolved";
                limit?: number;
            };
            header?: never;
            path: {
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["WebhookDelivery"][];
                        next?: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                deliveryId: string;
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    replayDelivery: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                deliveryId: string;
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    pingWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        error?: string;
                        status: string;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    rotateWebhookSecret: {
        parameters: {
            query?: never;
            header?: {
                /** @description A proven user action, for callers that have credentials. */
                "x-countersign-user-action"?: components["parameters"]["UserAction"];
            };
            path: {
                webhookId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
}
