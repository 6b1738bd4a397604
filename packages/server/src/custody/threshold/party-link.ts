/** Requests to the party process. What it answers is parsed here; what it can't answer any more is undefined. */
import { decode, encode, MalformedBytes } from '@countersign/threshold/codec';
import { allocateFrame, FRAME_HEADER_BYTES, FRAME_TYPES, FrameError } from '../frames.ts';
import { type PartyReply, type PartyRequest, partyReply, partyRequest } from '../messages/party-message.ts';
import type { SealedPool } from '../sealed-pool.ts';
import { SingleMessageWork } from '../single-message-work.ts';

const NUMBER_BYTES = 4;
/** Small enough that many rooms' messages are under way at once: they wait for each other inside the process. */
const ESTIMATE_US = 100;

export class PartyLink {
  readonly #pool: Pick<SealedPool, 'submit'>;

  constructor(pool: Pick<SealedPool, 'submit'>) {
    this.#pool = pool;
  }

  /**
   * Undefined: the process is away, or ended before it answered; its rooms are lost with it.
   * @param estimateUs how long it may take. The pool sends the process no more than it can answer in time: otherwise
   * many large batches at once would make it look dead, and end all operations with it.
   * @throws RangeError for a request that is larger than a message may be
   */
  async ask(request: PartyRequest, estimateUs = ESTIMATE_US): Promise<PartyReply | undefined> {
    const body = encode(partyRequest, request);
    let frame: Buffer;
    try {
      frame = allocateFrame(FRAME_TYPES.party, NUMBER_BYTES + body.length);
    } catch (error) {
      if (error instanceof FrameError) throw new RangeError('the request is too large for one message');
      throw error;
    }
    frame.set(body, FRAME_HEADER_BYTES + NUMBER_BYTES);
    // It may hold a private key to deal.
    body.fill(0);
    const work = new SingleMessageWork({ frame, replyType: FRAME_TYPES.partyReply, estimateUs, readReply });
    this.#pool.submit(work);
    try {
      return await work.done;
    } finally {
      frame.fill(0);
    }
  }
}

function readReply(body: Buffer): PartyReply {
  try {
    return decode(partyReply, body.subarray(NUMBER_BYTES));
  } catch (error) {
    if (error instanceof MalformedBytes) throw new FrameError(`party reply: ${error.message}`);
    throw error;
  }
}
