"""The door for programs: a client with a method for each thing to ask for, async first, and the same without `await`.

Read `client`, then `calls`: a client's runs go on in a thread with an event loop of its own, so that any number of
tasks, loops and threads may share one client, and a notebook stays alive.
"""
