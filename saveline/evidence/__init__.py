"""How sure the figures of a report are: intervals, comparisons, times with open deals in them, past forecasts.

Pure: plain values in, the frozen values of ``saveline.core.certainty`` out, the same for the same cases in any order.
The formulas are those of scipy and statsmodels. They take some two seconds to load, so every function loads what it
needs when it is called, and importing a module of this package costs nothing.
"""
