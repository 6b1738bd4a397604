import { selectEngines } from '@countersign/algorithms/engine-selection';
import { findAlgorithm } from '@countersign/algorithms/registry';
import { copySecret } from '@countersign/algorithms/secret-memory';
import { randomBytes } from 'node:crypto';
import { CostEstimate } from './cost-estimate.ts';
import { FRAME_TYPES, FRAME_HEADER_BYTES } from './frames.ts';
import { ItemWork, KeyPacker } from './item-work.ts';
import { packKeyEntry } from './messages/key-entry.ts';
import { parseItemMessage } from './messages/item-message.ts';
import { readSignReply, UNSIGNED } from './messages/sign-reply.ts';
import { itemOf, recordOf, termsOf } from './sealed-process.fixture.ts';
import { signerOperations } from './sealed/signer.ts';
import { wrapKey } from './sealed/wrapping.ts';
const alg = findAlgorithm('ecdsa-p256')!;
const engines = await selectEngines([alg]);
const real = engines.get('ecdsa-p256')!.selected!.engine;
const root = copySecret(randomBytes(32));
const m = real.generate({}); const terms = termsOf('ecdsa-p256');
const sealed = wrapKey(root, {...terms, publicKey:m.publicKey, parameters:m.parameters, custody:'vault', epoch:0}, m.privateKey);
const key = recordOf(terms, {sealed, publicKey:m.publicKey, parameters:m.parameters});
const fixed = randomBytes(71);
const fake = new Map([['ecdsa-p256',{...engines.get('ecdsa-p256')!, selected:{name:'fake',engine:{...real,loadPrivate:()=>({publicKey:m.publicKey,destroy(){},signer:()=>(_p:Uint8Array,out:Uint8Array)=>{out[0]=1;out[70]=2;return 71;}})}}}]]);
void fixed;
const SIGN = { requestType: FRAME_TYPES.sign, replyType: FRAME_TYPES.signReply, packKey:(k:any)=>packKeyEntry(k,k.sealed), readReply: readSignReply, unusableKey: UNSIGNED.refused, tooLarge: UNSIGNED.invalid, lost: UNSIGNED.unavailable };
const packer = new KeyPacker(SIGN.packKey, new CostEstimate());
const items = Array.from({length:1000},(_,i)=>itemOf(key,Buffer.from('m'+i)));
const itemsFresh = items.map(i=>({...i,scheme:{...i.scheme},bytes:new Uint8Array(i.bytes)}));
const N=Number(process.argv[2]??300);
let batch=1;
function run(name:string, ops:any, its:any, per:{[k:string]:number}) {
  const t={make:0,take:0,sign:0,read:0,parse:0};
  for(let r=0;r<N;r++){
    if(r===Math.floor(N/3)) for(const k in t)(t as any)[k]=0;
    let s=performance.now(); const w=new ItemWork(SIGN as any,packer,batch++,its); t.make+=performance.now()-s;
    while(w.remainingItems>0){ s=performance.now(); const msg=w.take(3000); let e=performance.now(); t.take+=e-s;
      const body=msg.frame.subarray(FRAME_HEADER_BYTES);
      s=performance.now(); parseItemMessage(body); e=performance.now(); t.parse+=e-s;
      s=e; const rep=ops.serve.get(FRAME_TYPES.sign)(body); e=performance.now(); t.sign+=e-s; s=e;
      msg.complete(rep.subarray(FRAME_HEADER_BYTES)); t.read+=performance.now()-s; }
  }
  const n=(N-Math.floor(N/3))*1000; console.log(name, Object.entries(t).map(([k,v])=>k+' '+(v*1000/n).toFixed(3)).join('  '), 'us/item');
}
if (process.argv[3]!=='fakeonly') run('real', signerOperations(engines, root), items, {});
const f=signerOperations(fake as any, root);
run('fake', f, items, {}); run('fake fresh', f, itemsFresh, {});
const k=real.loadPrivate(m.privateKey,m.parameters); const fn=k.signer(items[0]!.scheme); const out=Buffer.alloc(80);
for(let r=0;r<3;r++){const s=performance.now(); for(let i=0;i<20000;i++) fn(items[i%1000]!.bytes,out); console.log('bare engine',((performance.now()-s)*1000/20000).toFixed(2));}
