/**
 * Ranks that are processes, connected by the MPI library of the machine: Open MPI, MPICH, Intel
 * MPI, or one with the standard binary interface of MPI 5. Found by {@code Collectives.open()};
 * internal but for {@link io.github.blip2j.mpi.MpiProvider}.
 */
@NullMarked
package io.github.blip2j.mpi;

import org.jspecify.annotations.NullMarked;
