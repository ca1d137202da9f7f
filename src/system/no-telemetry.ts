/**
 * ONNX Runtime's published builds report to their maker, those of 1.30 under Linux too: a number for this machine, the names of graphs, how long calls took. Nothing leaves this
 * machine. It reads the variable when it is loaded, from the process and not from a worker thread's copy: so whoever starts such a thread imports this first.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
