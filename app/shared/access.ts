/** What a person may do, from least to most. */
export const ROLES = ['viewer', 'operator', 'administrator'] as const
export type Role = typeof ROLES[number]

/**
 * Who may do what: the one table of access. Each route names its row, and each button the route that it calls, so the
 * page shows what the server will do. `anyone`: nobody has to be signed in; `person`: whoever is signed in with a browser,
 * but no token; a role: that one or a higher one, also by token.
 */
export const ROUTES = {
  '* /api/**': 'viewer',
  'GET /api/account': 'person',
  'PUT /api/account/password': 'person',
  'POST /api/account/second-factor': 'person',
  'POST /api/account/second-factor/confirm': 'person',
  'POST /api/account/second-factor/remove': 'person',
  'POST /api/account/sessions/:id/end': 'person',
  'POST /api/account/sessions/end': 'person',
  'POST /api/account/tokens': 'person',
  'POST /api/account/tokens/:id/revoke': 'person',
  'GET /api/actors': 'viewer',
  'GET /api/audit': 'administrator',
  'GET /api/audit/choices': 'administrator',
  'GET /api/audit/export': 'administrator',
  'GET /api/commands': 'viewer',
  'GET /api/commands/:name': 'viewer',
  'GET /api/conformance': 'viewer',
  'GET /api/events': 'viewer',
  'GET /api/events/export': 'viewer',
  'GET /api/events/newer': 'viewer',
  'GET /api/events/summary': 'viewer',
  'GET /api/families': 'viewer',
  'GET /api/families/:family': 'viewer',
  'GET /api/gates': 'viewer',
  'PUT /api/gates/:key': 'administrator',
  'GET /api/health/live': 'anyone',
  'GET /api/health/ready': 'anyone',
  'GET /api/health/report': 'viewer',
  'GET /api/instances/:id': 'viewer',
  'GET /api/invariants': 'viewer',
  'POST /api/invariants': 'operator',
  'GET /api/invariants/compare': 'viewer',
  'POST /api/lineage-erasures': 'operator',
  'POST /api/lineage-erasures/preview': 'operator',
  'POST /api/orchestrations': 'operator',
  'POST /api/orchestrations/preview': 'operator',
  'GET /api/outbox': 'viewer',
  'POST /api/outbox/deliveries': 'operator',
  'POST /api/outbox/deliveries/preview': 'operator',
  'GET /api/outbox/delivery': 'viewer',
  'GET /api/outbox/events': 'viewer',
  'GET /api/outbox/events/:id': 'viewer',
  'GET /api/outbox/events/export': 'viewer',
  'POST /api/outbox/live-routes': 'administrator',
  'POST /api/outbox/requeue': 'operator',
  'POST /api/outbox/routes': 'administrator',
  'POST /api/outbox/routes/:key/active': 'administrator',
  'POST /api/outbox/routes/:key/remove': 'administrator',
  'GET /api/outbox/summary': 'viewer',
  'POST /api/outbox/types/:type/boundary': 'administrator',
  'GET /api/overview': 'viewer',
  'GET /api/people': 'administrator',
  'POST /api/people': 'administrator',
  'PUT /api/people/:id': 'administrator',
  'POST /api/people/:id/invitation': 'administrator',
  'POST /api/people/:id/sessions/end': 'administrator',
  'GET /api/pieces': 'viewer',
  'GET /api/pieces/:id': 'viewer',
  'POST /api/pieces/changes': 'operator',
  'POST /api/pieces/changes/preview': 'operator',
  'GET /api/pieces/export': 'viewer',
  'GET /api/retention': 'viewer',
  'POST /api/retention/cleanups': 'operator',
  'POST /api/retention/cleanups/preview': 'operator',
  'PUT /api/retention/policies/:table': 'administrator',
  'POST /api/retirements': 'operator',
  'POST /api/retirements/preview': 'operator',
  'POST /api/rollbacks': 'operator',
  'POST /api/rollbacks/preview': 'operator',
  'GET /api/runs': 'viewer',
  'GET /api/runs/:id': 'viewer',
  'GET /api/runs/choices': 'viewer',
  'GET /api/runs/export': 'viewer',
  'POST /api/scaleouts': 'operator',
  'GET /api/scaleouts/:id': 'viewer',
  'POST /api/scaleouts/preview': 'operator',
  'GET /api/search': 'viewer',
  'GET /api/session': 'viewer',
  'POST /api/session': 'anyone',
  'GET /api/session/callback/oidc': 'anyone',
  'POST /api/session/end': 'person',
  'GET /api/session/oidc': 'anyone',
  'POST /api/session/second-factor': 'anyone',
  'GET /api/session/ways': 'anyone',
  'POST /api/set-up': 'anyone',
  'POST /api/set-up/check': 'anyone',
  'GET /api/sharing': 'viewer',
  'GET /api/sharing/pieces': 'viewer',
  'GET /api/shell': 'viewer',
  'GET /api/templates': 'viewer',
  'GET /api/templates/:id': 'viewer',
  'GET /api/templates/export': 'viewer',
  'GET /api/text-as-code/:id': 'viewer',
  'POST /api/versions': 'operator',
  'POST /api/versions/:id/retire': 'operator',
} as const satisfies Record<string, Role | 'anyone' | 'person'>
export type RouteName = keyof typeof ROUTES

/** Whoever may open gates, for everybody or inside one transaction. */
export const OPENS_GATES: RouteName = 'PUT /api/gates/:key'

/**
 * Whether a role is enough for a route.
 * @param role of whoever asks
 */
export function may(role: Role, route: RouteName): boolean {
  const needed = ROUTES[route]
  return needed === 'anyone' || needed === 'person' || ROLES.indexOf(role) >= ROLES.indexOf(needed)
}
