/** The look of @nuxt/ui's components: hairlines, dense tables, one accent. Semantic colours are explained in shared/utils/status.ts. */
export default defineAppConfig({
  ui: {
    colors: {
      primary: 'teal',
      secondary: 'orange',
      success: 'green',
      info: 'sky',
      warning: 'amber',
      error: 'red',
      neutral: 'zinc',
    },
    badge: {
      slots: { base: 'whitespace-nowrap print:bg-transparent' },
      variants: { size: { md: { base: 'px-1.5 py-0.5 rounded-sm', leadingIcon: 'size-3.5' } } },
      // Real tints instead of a faded text colour: live orange and diverged amber must not look alike.
      compoundVariants: [
        { color: 'primary', variant: 'soft', class: 'bg-(--ui-color-primary-100)/70 dark:bg-primary/15' },
        { color: 'secondary', variant: 'soft', class: 'bg-(--ui-color-secondary-100) dark:bg-secondary/15' },
        { color: 'success', variant: 'soft', class: 'bg-(--ui-color-success-100)/80 dark:bg-success/12' },
        { color: 'info', variant: 'soft', class: 'bg-(--ui-color-info-100) dark:bg-info/15' },
        { color: 'warning', variant: 'soft', class: 'bg-(--ui-color-warning-100) dark:bg-warning/15' },
        { color: 'error', variant: 'soft', class: 'bg-(--ui-color-error-100)/80 dark:bg-error/15' },
      ],
      defaultVariants: { color: 'neutral', variant: 'soft' },
    },
    breadcrumb: {
      slots: { link: 'text-[13px] font-normal', separatorIcon: 'size-3.5 text-dimmed' },
      variants: { active: { true: { link: 'text-highlighted font-medium' } } },
    },
    button: {
      slots: { base: 'cursor-pointer disabled:opacity-45 aria-disabled:opacity-45' },
      variants: { size: { md: { leadingIcon: 'size-4', trailingIcon: 'size-4' } } },
      // Orange that cannot be taken for the destructive red: dark text on a light orange.
      compoundVariants: [
        { color: 'secondary', variant: 'solid', class: 'bg-(--ui-color-secondary-400) text-neutral-950 hover:bg-(--ui-color-secondary-300) active:bg-(--ui-color-secondary-300) disabled:bg-(--ui-color-secondary-400)' },
      ],
    },
    card: {
      slots: {
        root: 'rounded-lg overflow-hidden',
        header: 'px-4 py-3 sm:px-4',
        body: 'p-4 sm:p-4',
        footer: 'px-4 py-3 sm:px-4',
      },
    },
    formField: {
      slots: { help: 'mt-1 text-xs', hint: 'text-xs' },
    },
    table: {
      slots: {
        root: 'rounded-lg border border-default bg-default',
        th: 'px-3.5 py-2 text-xs font-medium text-muted whitespace-nowrap',
        td: 'px-3.5 py-2.5 text-sm text-default',
        empty: 'p-0',
        loading: 'p-0',
      },
    },
    modal: {
      slots: { title: 'text-base' },
    },
  },
})
