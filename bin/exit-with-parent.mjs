// Loaded into the server before its own code: when the launcher goes, even by kill -9, the channel to it closes.
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => {
    try {
      process.kill(-process.pid, 'SIGKILL')
    }
    catch {
      // It leads no group of its own: then whoever does ends it.
    }
  }, 6000).unref()
})
process.channel?.unref()
