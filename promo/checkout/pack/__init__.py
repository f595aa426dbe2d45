"""Line down: a store that redeems on its own, from a signed pack and into a journal."""
