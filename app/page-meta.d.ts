declare module '#app' {
  interface PageMeta {
    /** `anyone`: nobody has to be signed in to see the page. */
    access?: 'anyone'
  }
}
export {}
