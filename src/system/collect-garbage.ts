import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');

/**
 * Collects this thread's garbage now. V8 counts the memory of samples and tensors, which lies outside its heap, only roughly and lets tens of megabytes
 * of it pile up; called every few seconds of audio, this keeps a long recording as small as a short one, for some milliseconds a call.
 */
export const collectGarbage: () => void = vm.runInNewContext('gc');
