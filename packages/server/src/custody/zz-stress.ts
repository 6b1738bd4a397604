import { startSealedProcess } from './sealed-process.fixture.ts';
import crypto from 'node:crypto';
import fs from 'node:fs';
const times: number[] = [];
for (let i=0;i<16;i++){ 
 await Promise.all([0,1].map(async (k)=>{ const t=performance.now();
 const p = await startSealedProcess(k?'signer':'generator',crypto.randomBytes(32));
 let timer: NodeJS.Timeout;
 await Promise.race([new Promise(r=>p.socket.once('data',r)), p.exited.then(e=>console.log('EXIT',e,p.errorOutput())), new Promise(r=>{timer=setTimeout(r,25000)}).then(()=>{console.log('HANG', p.child.pid, p.errorOutput()); for(const th of fs.readdirSync(`/proc/${p.child.pid}/task`)) { try{console.log(th, fs.readFileSync(`/proc/${p.child.pid}/task/${th}/comm`,'latin1').trim(), fs.readFileSync(`/proc/${p.child.pid}/task/${th}/syscall`,'latin1').trim(), fs.readFileSync(`/proc/${p.child.pid}/task/${th}/stat`,'latin1').split(' ').slice(2,3).join())}catch(e){console.log(String(e))} } })]);
 clearTimeout(timer!); times.push(Math.round(performance.now()-t));
 p.socket.destroy(); 
 await Promise.race([p.exited, new Promise(r=>{timer=setTimeout(r,10000)}).then(()=>{ if(p.child.exitCode===null){console.log('NOEXIT',p.child.pid);p.child.kill('SIGKILL')} })]); clearTimeout(timer!);
 }));
}
console.log(times.join(' '));
process.exit(0);
