"""The language of the platform and how it travels.

Read in this order: ``event`` (what an event is), ``catalogue`` (what can happen), ``codec`` (how it looks on the wire),
``outbox`` and ``relay`` (how it leaves a service), ``consumer`` and ``dead_letter`` (how it enters another).
"""
