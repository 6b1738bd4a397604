import { SealedPools } from '@countersign/server/custody/sealed-pools';
import { createCustodies } from '@countersign/server/custody/custodies';
import { KeylessVerifier } from '@countersign/server/custody/keyless-verifier';
import { startSealedProcess } from '@countersign/server/custody/sealed-process-fixture';
import { newId } from '@countersign/core/ids';
import { mintPermits } from '@countersign/core/permit';
import { findAlgorithm } from '@countersign/algorithms/registry';
import crypto from 'node:crypto';
const root = crypto.randomBytes(32);
const pools = new SealedPools({ onEvent: (e) => console.log(e.event, e.role, e.event==='lost'?e.reason:JSON.stringify(e.hello).slice(0,300)) });
const t0=performance.now();
const procs = [];
for (const [role, i] of [['signer',0],['signer',1],['generator',0],['verifier',0]] as const) {
  const p = await startSealedProcess(role, role==='verifier'?undefined:root); procs.push(p);
  p.exited.then(([c,s])=>console.log(role,'exit',c,s,p.errorOutput()));
  pools.attach(role, i, 1, p.socket);
}
const vault = createCustodies(pools).get('vault')!;
const terms = { keyId: newId(), accountId: newId(), algorithm: 'ecdsa-p256', operations: ['sign','verify'] as const, exportable: false };
const pair = await vault.generate(terms as never, {});
console.log('generated', performance.now()-t0, pair.publicKey.length, pair.sealed.length, pair.parameters);
const key = { id: terms.keyId, accountId: terms.accountId, algorithm: terms.algorithm, parameters: pair.parameters, publicKey: pair.publicKey, sealed: pair.sealed } as never;
const alg = findAlgorithm('ecdsa-p256')!;
const msgs = Array.from({length:1000},(_, i)=>Buffer.from('m'+i));
const prep = msgs.map(m=>alg.prepare({kind:'message',bytes:m,digest:'sha-256'},{},pair.parameters)); 
const items = prep.map(p=>({key, scheme: (p as any).value.scheme, bytes:(p as any).value.bytes}));
let b=1;
for (let r=0;r<5;r++){ const s=performance.now();
const res = await vault.sign(mintPermits({batchId: b++, itemCount: items.length} as never, items));
const e=performance.now()-s;
const spki = crypto.createPublicKey({key:Buffer.from(alg.encodeSpki(pair.publicKey,pair.parameters)!),format:'der',type:'spki'});
const ok = res.filter((x,i)=>x.status==='signed' && crypto.verify('sha256',msgs[i]!,spki,x.signature) && Buffer.compare(crypto.createHash('sha256').update(x.signature).digest(),x.signatureDigest)===0).length;
console.log(ok, res.find(x=>x.status!=='signed'), (1000/e*1000).toFixed(0)+'/s');
const v = await new KeylessVerifier(pools).verify(items.map((it,i)=>({...it,signature:(res[i] as any).signature ?? new Uint8Array(1)})));
console.log('verified', v.filter(x=>x===true).length);
}
await pools.drain();
