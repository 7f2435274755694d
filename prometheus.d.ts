// Metrics of `require('tidemark')` in the app's own Prometheus registry.

/** What is used of a registry: that of `prom-client`, or of `@prometheus-io/client`. */
interface RegistryLike {
  registerMetric (metric: any): void
  removeSingleMetric (name: string): void
}

interface PrometheusOptions {
  /** Default: the default registry of the client that is loaded; an error where none is, or more than one. */
  register?: RegistryLike | undefined
}

interface PrometheusMetrics {
  /** Takes the metrics out of the registry. */
  unregister (): void
}

/**
 * Registers the metrics that docs/metrics.md lists, and keeps tidemark running. Read when they are scraped.
 * @throws ERR_TIDEMARK_METRICS where a name is taken, or no registry is found
 */
declare function prometheus (options?: PrometheusOptions): PrometheusMetrics

declare namespace prometheus {
  export { PrometheusMetrics, PrometheusOptions, RegistryLike }
}

export = prometheus
