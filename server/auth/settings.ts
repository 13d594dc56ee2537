import { z } from 'zod'

const Settings = z.object({
  /** Signs cookies and encrypts the secrets of authenticator apps. */
  IU_SECRET: z.string({ error: 'is not set' }).min(32, 'needs at least 32 random characters'),
  /** Where browsers reach the console: `https://console.example.org`. Without it only this machine does. */
  IU_ORIGIN: z.url({ protocol: /^https?$/, error: 'must be an address such as https://console.example.org' })
    .transform(url => new URL(url).origin).optional(),
  /** Whether a reverse proxy in front tells the address of the client in X-Forwarded-For. */
  IU_TRUST_PROXY: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false').transform(value => value === 'true'),
  IU_OIDC_ISSUER: z.url({ error: 'must be the address of the identity provider' }).optional(),
  IU_OIDC_CLIENT_ID: z.string().min(1).optional(),
  IU_OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  IU_OIDC_NAME: z.string().min(1).default('single sign-on'),
}).refine(settings => !settings.IU_OIDC_ISSUER || (settings.IU_OIDC_CLIENT_ID && settings.IU_OIDC_CLIENT_SECRET),
  { path: ['IU_OIDC_ISSUER'], error: 'needs IU_OIDC_CLIENT_ID and IU_OIDC_CLIENT_SECRET beside it' })

/** What the environment says about who may come in, and from where. */
export interface AccessSettings {
  secret: string
  /** Scheme and host that browsers use; null: only addresses of this machine. */
  origin: string | null
  trustProxy: boolean
  oidc: { issuer: string, clientId: string, clientSecret: string, name: string } | null
}

/**
 * Reads the settings of access from the environment; an empty variable is one that is not set.
 * @throws Error naming every variable that is missing or wrong, never its value
 */
export function readAccessSettings(env: NodeJS.ProcessEnv): AccessSettings {
  const given = Object.fromEntries(Object.keys(Settings.shape).map(name => [name, env[name] || undefined]))
  const { data, error } = Settings.safeParse(given)
  if (!data) throw new Error(error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
  return {
    secret: data.IU_SECRET,
    origin: data.IU_ORIGIN ?? null,
    trustProxy: data.IU_TRUST_PROXY,
    oidc: data.IU_OIDC_ISSUER
      ? { issuer: data.IU_OIDC_ISSUER, clientId: data.IU_OIDC_CLIENT_ID!, clientSecret: data.IU_OIDC_CLIENT_SECRET!, name: data.IU_OIDC_NAME }
      : null,
  }
}

let settings: AccessSettings | undefined

/** The settings of this process, read once. */
export const accessSettings = (): AccessSettings => settings ??= readAccessSettings(process.env)
