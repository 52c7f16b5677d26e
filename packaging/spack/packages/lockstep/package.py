import os

try:
    from spack_repo.builtin.build_systems.cmake import CMakePackage
except ImportError:  # Spack before 1.0 has it in spack.package
    pass

from spack.package import *


class Lockstep(CMakePackage):
    """Distributed data-parallel trainer for MobileNetV2, over MPI, with the same bits on any number of processes."""

    # There is nothing to download yet: the source is the clone that this file lies in, as it was committed.
    git = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "..", ".."))

    version("main", branch="main")

    variant("double", default=False, description="Compute in float64, to compare with float64 results")

    depends_on("c", type="build")
    depends_on("cmake@3.21:", type="build")
    depends_on("gmake", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi@3:")
    depends_on("hdf5@1.10:~mpi")
    depends_on("libyaml")
    depends_on("libjpeg-turbo")
    depends_on("libpng@1.6:")
    depends_on("zlib-api")
    depends_on("libarchive")
    # `spack install --test=root lockstep` runs ctest.
    depends_on("check", type="test")

    def cmake_args(self):
        return [
            self.define("BUILD_TESTING", self.run_tests),
            self.define("MPI_C_COMPILER", self.spec["mpi"].mpicc),
            self.define("HDF5_ROOT", self.spec["hdf5"].prefix),
            self.define_from_variant("LOCKSTEP_DOUBLE", "double"),
        ]
