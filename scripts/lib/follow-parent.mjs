// Loaded into the API and the worker by the launcher: they end, gracefully, when the launcher is killed.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The channel to the launcher must not keep a process alive that has ended its work.
process.channel.unref();
