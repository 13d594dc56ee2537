/** Where names of icons stand: our own files, and the theme of the components. */
const ICONS_IN = ['{app,components,pages}/**/*.{vue,ts}', 'node_modules/@nuxt/ui/dist/shared/*.mjs']

export default defineNuxtConfig({
  modules: ['@nuxt/ui', '@nuxt/eslint'],
  components: [{ path: '~~/components' }],
  devtools: { enabled: false },
  app: {
    head: {
      htmlAttrs: { lang: 'en' },
      meta: [{ name: 'viewport', content: 'width=device-width, initial-scale=1' }],
      link: [{ rel: 'icon', type: 'image/svg+xml', href: '/favicon.svg' }],
    },
  },
  css: ['~/assets/main.css'],
  // The operator's preference decides, then the system's.
  colorMode: { preference: 'system', fallback: 'light' },
  ui: { fonts: false },
  dir: { pages: '../pages', shared: 'app/shared', public: 'app/public' },
  future: { compatibilityVersion: 4 },
  // An island is rendered for whoever asks, past the middleware of its page: there are none, not even by accident.
  experimental: { componentIslands: false },
  compatibilityDate: '2026-11-01',
  typescript: { strict: true },
  telemetry: false,
  hooks: {
    // The module's own route for icons knows nothing of who may ask, and asks another host itself.
    'nitro:config': (nitro) => {
      nitro.handlers = nitro.handlers?.filter(({ route }) => !route?.startsWith('/api/_nuxt_icon'))
    },
    // Nuxt drops onServerPrefetch from the browser's build, but Vue counts it on both sides to number its ids: without it
    // the labels of a form lose their fields. (@nuxt/icon calls it in every icon.)
    'ready': ({ options }) => {
      const { client } = options.optimization.treeShake.composables
      client.vue = client.vue?.filter(name => name !== 'onServerPrefetch') ?? []
    },
  },
  eslint: { config: { stylistic: true } },
  // Every icon ships with the build: neither server nor browser asks for one, here or elsewhere.
  icon: { provider: 'none', fallbackToApi: false, clientBundle: { scan: { globInclude: ICONS_IN, globExclude: [] } } },
})
