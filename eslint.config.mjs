import withNuxt from './.nuxt/eslint.config.mjs'

export default withNuxt({
  // Components are named by folder and file: components/gate/Row.vue is <GateRow>.
  rules: { 'vue/multi-word-component-names': 'off' },
})
