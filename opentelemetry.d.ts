// Metrics of `require('tidemark')` through the app's OpenTelemetry Meter, and its leaks as log records.

/** What is used of a Meter of `@opentelemetry/api`. */
interface MeterLike {
  createObservableGauge (name: string, options?: any): any
  createObservableUpDownCounter (name: string, options?: any): any
  createHistogram (name: string, options?: any): any
}

/** What is used of a Logger of `@opentelemetry/api-logs`. */
interface LoggerLike {
  emit (record: any): void
}

interface OpenTelemetryOptions {
  /** Default: no metrics. */
  meter?: MeterLike | undefined
  /** Gets a log record for each leak, each 'critical' and each end of a leak. Default: no logs. */
  logger?: LoggerLike | undefined
  /**
   * Also the metrics `v8js.*` of the semantic conventions, for apps without `@opentelemetry/instrumentation-runtime-node`.
   * Default: false.
   */
  runtime?: boolean | undefined
}

interface OpenTelemetryExport {
  /** Ends both. */
  stop (): void
}

/** Keeps tidemark running. */
declare function opentelemetry (options?: OpenTelemetryOptions): OpenTelemetryExport

declare namespace opentelemetry {
  export { LoggerLike, MeterLike, OpenTelemetryExport, OpenTelemetryOptions }
}

export = opentelemetry
