import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { PlainError, say } from '../../bin/progress.mjs'

/**
 * Finds a port on the loopback interface that nobody listens on.
 * @returns the port
 */
export async function freePort(): Promise<number> {
  const port = await listenOnce('127.0.0.1', 0)
  if (!port) throw new PlainError('There is no free port on 127.0.0.1.')
  return port
}

/**
 * Chooses the port that the console listens on.
 * @param host the address it will listen on
 * @param wanted PORT as given, if it was: then that one or none
 * @returns the wanted port, else 3000 or the next free one
 * @throws PlainError when PORT is no port number or is taken
 */
export async function choosePort(host: string, wanted: string | undefined): Promise<number> {
  if (wanted) {
    const port = Number(wanted)
    if (!Number.isInteger(port) || port < 1 || port > 65535) throw new PlainError(`PORT must be a number from 1 to 65535; it is "${wanted}".`)
    if (await listenOnce(host, port) === null) throw new PlainError(`Port ${port} on ${host} is taken. Choose another with PORT=…, or leave PORT out to get a free one.`)
    return port
  }
  const preferred = 3000
  for (let port = preferred; port < preferred + 100; port += 1) {
    if (await listenOnce(host, port) === null) continue
    if (port !== preferred) say(`  ! port ${preferred} is taken, using ${port}`)
    return port
  }
  throw new PlainError(`Ports ${preferred} to ${preferred + 99} on ${host} are all taken. Choose one with PORT=…`)
}

/** The port that could be listened on, or null when it is taken. */
function listenOnce(host: string, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else if (error.code === 'EACCES') reject(new PlainError(`This user may not listen on port ${port}. Choose one above 1023 with PORT=…`))
      else reject(new PlainError(`Cannot listen on ${host}: ${error.message}. Check HOST.`))
    })
    probe.listen({ host, port, exclusive: true }, () => {
      const { port: taken } = probe.address() as AddressInfo
      probe.close(() => resolve(taken))
    })
  })
}
