"""The user's services on their hosts: files, runtime, environment, release, and the proof that they answer."""
