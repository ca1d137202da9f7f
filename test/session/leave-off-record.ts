import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {createOffRecordSession} from '../../src/session/off-record.js';
import {claimSession} from '../../src/session/session-claim.js';

// Makes a session off the record with something in it, says where, and waits to be killed.
const {folder} = await createOffRecordSession({title: 'secret'}, [process.argv[2]!]);
claimSession(folder);
writeFileSync(path.join(folder, 'audio.wav'), 'what was said');
process.stdout.write(`${folder}\n`);
setInterval(() => {}, 1000);
